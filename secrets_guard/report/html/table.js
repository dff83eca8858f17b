// Rows -> the lines of the table on one page: findings, or secrets with their findings below.

const PAGE = 100;
const any = (name) => ROWS.some((row) => row[name]);

const COLUMNS = [
  ["severity", "Severity", true],
  ["rule", "Rule and secret", true],
  ["path", "Place", true],
  ["layer", "Layer", any("layer")],
  ["commit", "Commit", any("commit")],
  ["author", "Author", any("author")],
  ["entered", "Entered", any("entered")],
  ["state", "State", true],
  ["change", "Change", any("change")],
  ["verified", "Verified", any("verified")],
  ["confidence", "Confidence", true],
].filter(([, , shown]) => shown);

function placeOf(finding) {
  return `${finding.path}:${finding.start_line}:${finding.start_column}`;
}

const CELLS = {
  rule: (row) => [row.finding.title, element("code", { class: "secret" }, row.finding.secret)],
  path: (row) => [element("code", {}, placeOf(row.finding))],
  layer: (row) => (row.layer ? [element("code", {}, row.layer), element("small", {}, row.finding.origin.created_by || "")] : [""]),
  commit: (row) => [element("code", {}, row.commit.slice(0, 12)), element("small", {}, row.finding.origin.summary || "")],
  confidence: (row) => [row.confidence],
  state: (row) => [row.state, element("small", {}, row.left ? `last seen ${row.left}` : "")],
};

function toggle(key, open, label, controls) {
  return element("button", {
    type: "button", class: "toggle", tabindex: "-1", "data-key": key, "aria-expanded": String(open), "aria-label": label,
    "aria-controls": open ? controls : null,
  });
}

function severity(name) {
  return element("span", { class: `severity ${SEVERITIES.includes(name) ? name : ""}` }, name);
}

function findingLine(row, open) {
  const key = `row ${row.index}`;
  const label = `${row.severity}: ${row.finding.title} in ${placeOf(row.finding)}: details`;
  const cells = COLUMNS.map(([name]) => {
    if (name === "severity") {
      return element("td", {}, toggle(key, open, label, `details-${row.index}`), severity(row.severity));
    }
    return element("td", { class: name }, ...(CELLS[name] ? CELLS[name](row) : [row[name]]));
  });
  return element("tr", { class: "finding" }, ...cells);
}

function occurrencesOf(finding) {
  const places = (finding.occurrences || []).map((other) => {
    const from = other.origin.commit ? `commit ${other.origin.commit.slice(0, 12)}` : other.origin.layer_digest || "";
    return `${placeOf(other)}${from ? ` (${from})` : ""}`;
  });
  const more = (finding.occurrences_total || 0) - places.length;
  return more > 0 ? [...places, `${more.toLocaleString("en")} more`] : places;
}

function detailsLine(row) {
  const { finding } = row;
  const known = [
    ["rule", finding.rule_id],
    ["what to know", element("span", {}, ...(REPORT.links[finding.rule_id] || []).map((one) => element("div", {}, link(one))))],
    ["confidence", [finding.confidence, ...(finding.confidence_reasons || [])].join("; ")],
    ["lines", finding.start_line === finding.end_line ? "" : `${finding.start_line} to ${finding.end_line}`],
    ["from", finding.origin],
    ["exposure", finding.exposure],
    ["also in", occurrencesOf(finding)],
  ].filter(([name]) => name !== "what to know" || (REPORT.links[finding.rule_id] || []).length > 0);
  const others = Object.entries(finding).filter(([name]) => !SHOWN.has(name));
  return element("tr", { class: "details", id: `details-${row.index}` }, element("td", { colspan: COLUMNS.length },
    finding.context ? marked(finding.context, finding.secret) : "", terms([...known, ...others])));
}

function secretLine(secret, open) {
  const [row] = secret.rows;
  const worst = sortRows(secret.rows, "severity", false)[0].severity;
  const times = [secret.entered && `since ${secret.entered}`, secret.left && `until ${secret.left}`].filter(Boolean).join(", ");
  const paths = new Set(secret.rows.map((one) => one.path)).size;
  const places = `${plural(secret.rows.length, "finding")} in ${plural(paths, "file")}`;
  return element("tr", { class: "group" }, element("th", { scope: "row", colspan: COLUMNS.length },
    toggle(`secret ${secret.key}`, open, `${worst}: ${row.finding.title}, ${places}: show them`, null),
    severity(worst), " ", element("b", {}, row.finding.title), " ",
    element("code", { class: "secret" }, row.finding.secret), " ", element("small", {}, [places, times].filter(Boolean).join(", "))));
}

// Lines are data until their page is shown: 10,000 of them cost nothing. A secret stands where the first of its rows would.
function linesOf(rows, view) {
  if (!view.grouped) return rows.map((row) => ({ key: `row ${row.index}`, row }));
  return secretsOf(rows).flatMap((secret) => {
    const key = `secret ${secret.key}`;
    const inner = view.open.has(key) ? secret.rows.map((row) => ({ key: `row ${row.index}`, row })) : [];
    return [{ key, secret }, ...inner];
  });
}

function drawHead(view) {
  const heads = COLUMNS.map(([name, title]) => element("th", {
    scope: "col", class: name, "aria-sort": view.sort !== name ? "none" : view.down ? "descending" : "ascending",
  }, element("button", { type: "button", "data-sort": name, "data-key": `sort ${name}` }, title)));
  byId("table").tHead.replaceChildren(element("tr", {}, ...heads));
}

function drawLines(lines, view) {
  const bodies = [];
  for (const line of lines) {
    const open = view.open.has(line.key);
    if (line.secret || bodies.length === 0) bodies.push(element("tbody", {}));
    const body = bodies[bodies.length - 1];
    body.append(line.secret ? secretLine(line.secret, open) : findingLine(line.row, open));
    if (line.row && open) body.append(detailsLine(line.row));
  }
  const table = byId("table");
  table.classList.toggle("grouped", view.grouped);
  for (const body of [...table.tBodies]) body.remove();
  table.append(...bodies);
  const first = table.querySelector(".toggle");
  if (first) first.tabIndex = 0;
}
