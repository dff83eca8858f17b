// What the user does -> what the page shows: one state, drawn anew after each change.

const SELECTS = ["rule", "state", "change", "verified", "author", "layer"];
const TEXTS = ["text", "path", "commit"];
const CHECKS = { severity: SEVERITIES, confidence: CONFIDENCES };
const view = { grouped: false, sort: "severity", down: false, page: 0, period: "", open: new Set(), rows: [], lines: [] };

function filtersNow() {
  const filters = {};
  for (const name of [...SELECTS, ...TEXTS]) filters[name] = byId(name).value;
  for (const name of Object.keys(CHECKS)) {
    filters[name] = new Set([...byId(name).querySelectorAll("input:checked")].map((box) => box.value));
  }
  return filters;
}

function pageCount() {
  return Math.max(1, Math.ceil(view.lines.length / PAGE));
}

function countText(rows, whole) {
  const first = view.page * PAGE;
  const secrets = new Set(rows.map((row) => row.secret)).size;
  const of = rows.length === ROWS.length ? "" : ` of ${ROWS.length.toLocaleString("en")}`;
  const found = `${rows.length.toLocaleString("en")}${of} finding${rows.length === 1 && !of ? "" : "s"}, ${plural(secrets, "secret")}`;
  if (rows.length === 0) return ROWS.length ? `No finding of ${ROWS.length.toLocaleString("en")} passes the filters` : "No findings";
  const last = Math.min(first + PAGE, view.lines.length);
  return whole || pageCount() === 1 ? found : `${found}; lines ${first + 1} to ${last} of ${view.lines.length.toLocaleString("en")}`;
}

function drawPages() {
  byId("pages").hidden = pageCount() === 1;
  byId("page").textContent = `Page ${view.page + 1} of ${pageCount()}`;
  byId("first").disabled = byId("previous").disabled = view.page === 0;
  byId("next").disabled = byId("last").disabled = view.page >= pageCount() - 1;
}

// Draw everything; whatever had the focus has it afterwards, too.
function draw() {
  const focused = document.activeElement && document.activeElement.dataset.key;
  const kept = filterRows(filtersNow());
  const period = drawTimeline(secretsOf(kept), view.period, (name) => change({ period: name }));
  if (!period) view.period = "";
  const rows = sortRows(period ? kept.filter((row) => period.secrets.has(row.secret)) : kept, view.sort, view.down);
  view.lines = linesOf(rows, view);
  view.page = Math.min(view.page, pageCount() - 1);
  drawHead(view);
  drawLines(view.lines.slice(view.page * PAGE, (view.page + 1) * PAGE), view);
  drawPages();
  view.rows = rows;
  const told = countText(rows, false);
  if (byId("count").textContent !== told) byId("count").textContent = told;
  if (focused) focusOn([...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused));
}

function change(changes) {
  Object.assign(view, { page: 0 }, changes);
  draw();
}

function toggles() {
  return [...byId("table").querySelectorAll(".toggle")];
}

function focusOn(target) {
  if (!target) return;
  if (target.classList.contains("toggle")) for (const one of toggles()) one.tabIndex = one === target ? 0 : -1;
  target.focus();
}

function open(key) {
  if (!view.open.delete(key)) view.open.add(key);
  change({ page: view.page });
}

function turn(page) {
  if (page < 0 || page >= pageCount()) return false;
  change({ page });
  focusOn(toggles()[0]);
  byId("table").scrollIntoView({ block: "start" });
  return true;
}

// To the next or previous row, across pages.
function step(by) {
  const all = toggles();
  const at = all.indexOf(document.activeElement);
  const target = all[at < 0 ? 0 : at + by];
  if (target) focusOn(target);
  else if (at >= 0 && turn(view.page + by) && by < 0) focusOn(toggles().pop());
}

function clear() {
  byId("filters").reset();
  change({ period: "", grouped: false });
}

const LETTERS = {
  "/": () => byId("text").focus(),
  "?": () => byId("help").showModal(),
  j: () => step(1),
  k: () => step(-1),
  n: () => turn(view.page + 1),
  p: () => turn(view.page - 1),
  g: () => byId("grouped").click(),
  x: clear,
};

function press(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (target.closest("input, select")) {
    if (key === "Escape") target.blur();
    return;
  }
  const inTable = target.classList.contains("toggle") && { ArrowDown: LETTERS.j, ArrowUp: LETTERS.k }[key];
  const act = inTable || (byId("keys").checked && Object.hasOwn(LETTERS, key) && LETTERS[key]);
  if (!act) return;
  event.preventDefault();
  act();
}

function fillSelect(name) {
  const counts = new Map();
  for (const row of ROWS) if (row[name]) counts.set(row[name], (counts.get(row[name]) || 0) + 1);
  const order = [...counts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  byId(name).replaceChildren(element("option", { value: "" }, "all"),
    ...order.map((value) => element("option", { value }, `${value} (${counts.get(value).toLocaleString("en")})`)));
  byId(name).parentNode.hidden = counts.size === 0;
}

function fillChecks(name) {
  for (const value of CHECKS[name]) {
    const number = ROWS.filter((row) => row[name] === value).length;
    byId(name).append(element("label", { class: "check" },
      element("input", { type: "checkbox", value, checked: true }), ` ${value} (${number.toLocaleString("en")})`));
  }
}

function fillExplanations() {
  const { explanations } = REPORT;
  const box = byId("explanations");
  box.hidden = explanations.length === 0;
  box.firstElementChild.textContent = `Why ${plural(explanations.length, "candidate")} was kept or dropped (--explain)`
    .replace("candidates was", "candidates were");
  box.addEventListener("toggle", () => {
    const rows = explanations.slice(0, 1000).map((one) => element("tr", {}, ...[one.outcome, one.by, one.rule_id,
      `${one.path}:${one.line}:${one.column}`, one.secret, one.reason].map((text) => element("td", {}, text))));
    const heads = ["Outcome", "By", "Rule", "Place", "Secret", "Reason"].map((text) => element("th", { scope: "col" }, text));
    const more = explanations.length - rows.length;
    box.append(element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)),
      more > 0 ? element("p", {}, `${more.toLocaleString("en")} more are in the JSON report`) : "");
  }, { once: true });
}

// Paper has no pages to turn here: all that passes the filters.
function printAll() {
  byId("count").textContent = countText(view.rows, true);
  drawLines(view.lines, view);
}

function start() {
  SELECTS.forEach(fillSelect);
  Object.keys(CHECKS).forEach(fillChecks);
  fillExplanations();
  byId("commit").parentNode.hidden = !any("commit");
  byId("table").createTHead();
  byId("filters").addEventListener("input", () => change({ grouped: byId("grouped").checked }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", clear);
  byId("help-open").addEventListener("click", LETTERS["?"]);
  byId("bars").addEventListener("keydown", moveAlong);
  byId("first").addEventListener("click", () => turn(0));
  byId("previous").addEventListener("click", LETTERS.p);
  byId("next").addEventListener("click", LETTERS.n);
  byId("last").addEventListener("click", () => turn(pageCount() - 1));
  byId("table").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const line = target.closest("tr.finding, tr.group");
    if (button && button.dataset.sort) {
      change({ sort: button.dataset.sort, down: view.sort === button.dataset.sort && !view.down });
    } else if (line && !getSelection().toString()) open(line.querySelector(".toggle").dataset.key);
  });
  document.addEventListener("keydown", press);
  window.addEventListener("beforeprint", printAll);
  window.addEventListener("afterprint", draw);
  byId("findings").hidden = ROWS.length === 0 && REPORT.explanations.length === 0;
  draw();
}

start();
