// Names, attributes and texts -> elements. The only place that makes any; texts become text nodes, never markup.

const byId = (id) => document.getElementById(id);

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// Only plain web addresses become links (the report was made from these, but the file may have been edited since).
function link(address) {
  if (!/^https?:\/\/[!-~]+$/.test(address) || !URL.canParse(address)) return element("span", {}, address);
  return element("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, address);
}

// Any JSON value, readable: for fields of which this page knows nothing but their name.
function generic(value) {
  if (Array.isArray(value)) return element("ul", {}, ...value.map((item) => element("li", {}, generic(item))));
  if (value && typeof value === "object") return terms(Object.entries(value));
  return element("span", {}, String(value));
}

function terms(pairs) {
  const told = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined
    && !(Array.isArray(value) && value.length === 0));
  return element("dl", {}, ...told.flatMap(([name, value]) => [
    element("dt", {}, name.replaceAll("_", " ")),
    element("dd", {}, value instanceof Node ? value : generic(value)),
  ]));
}

// The line of the finding, its secret marked.
function marked(context, secret) {
  const at = secret ? context.indexOf(secret) : -1;
  if (at < 0) return element("pre", {}, context);
  return element("pre", {}, context.slice(0, at), element("mark", {}, secret), context.slice(at + secret.length));
}
