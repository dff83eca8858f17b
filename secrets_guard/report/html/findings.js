// The embedded report -> rows to filter, sort and group. Every text in it is hostile: it only ever becomes a text node.

const REPORT = JSON.parse(document.getElementById("report").textContent);
const SEVERITIES = ["critical", "high", "medium", "low"];
const CONFIDENCES = ["high", "medium", "low"];

// Fields that a row shows by itself, so that its details need not repeat them; any other is shown by its own name.
const SHOWN = new Set(["rule_id", "title", "severity", "confidence", "confidence_reasons", "path", "start_line", "end_line",
  "start_column", "end_column", "secret", "context", "origin", "occurrences", "occurrences_total", "exposure", "change"]);

function stateOf(finding) {
  const { origin, exposure } = finding;
  if (finding.change === "gone") return "gone";
  if (origin.removed_by_layer) return "taken away by a later layer";
  if (origin.kind === "unreachable") return "unreachable";
  if (exposure) return exposure.at_tip ? "open" : "gone from the tips";
  return origin.kind === "commit" || origin.kind === "commit-message" ? "in the history" : "open";
}

function dayOf(text) {
  return typeof text === "string" && /^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : "";
}

function rowOf(finding, index) {
  const { origin, exposure } = finding;
  return {
    index, finding,
    secret: finding.fingerprint || `#${index}`,
    path: finding.path,
    rule: finding.rule_id,
    severity: finding.severity,
    confidence: finding.confidence,
    author: origin.author || "",
    commit: origin.commit || "",
    layer: origin.layer_digest ? `${origin.layer_index}: ${origin.layer_digest.slice(0, 19)}` : "",
    state: stateOf(finding),
    change: finding.change || "",
    verified: finding.verification ? String(finding.verification.status) : "",
    entered: dayOf(exposure && exposure.first_date) || dayOf(origin.date),
    left: exposure && !exposure.at_tip ? dayOf(exposure.last_date) : "",
    everything: "",
  };
}

const ROWS = REPORT.findings.map(rowOf);

// Lower-cased text of all of a finding's values, made when first searched.
function textOf(row) {
  if (!row.everything) {
    const texts = [];
    const collect = (value) => {
      if (value && typeof value === "object") Object.values(value).forEach(collect);
      else texts.push(String(value));
    };
    collect(row.finding);
    row.everything = texts.join("\n").toLowerCase();
  }
  return row.everything;
}

// "*" stands for anything; without one, part of the path is enough. No regular expression: nothing to blow up.
function pathMatches(path, wanted) {
  const parts = wanted.split("*");
  if (parts.length === 1) return path.includes(wanted);
  const tail = parts.pop();
  let at = 0;
  for (const [number, part] of parts.entries()) {
    const found = path.indexOf(part, at);
    if (found < 0 || (number === 0 && found !== 0)) return false;
    at = found + part.length;
  }
  return path.length - tail.length >= at && path.endsWith(tail);
}

function filterRows(filters) {
  const text = filters.text.toLowerCase();
  const path = filters.path.toLowerCase();
  const commit = filters.commit.toLowerCase();
  const exact = ["rule", "state", "change", "verified", "author", "layer"].filter((name) => filters[name] !== "");
  return ROWS.filter((row) =>
    filters.severity.has(row.severity) && filters.confidence.has(row.confidence)
    && exact.every((name) => row[name] === filters[name])
    && (!commit || row.commit.toLowerCase().startsWith(commit))
    && (!path || pathMatches(row.path.toLowerCase(), path))
    && (!text || textOf(row).includes(text)));
}

// Rows -> secrets: when the first of a secret's places entered, and when the last one left, if all did.
function secretsOf(rows) {
  const secrets = new Map();
  for (const row of rows) {
    let secret = secrets.get(row.secret);
    if (!secret) secrets.set(row.secret, secret = { key: row.secret, rows: [], entered: "", left: "", gone: true });
    secret.rows.push(row);
    if (row.entered && (!secret.entered || row.entered < secret.entered)) secret.entered = row.entered;
    secret.gone = secret.gone && row.left !== "";
    if (row.left > secret.left) secret.left = row.left;
  }
  for (const secret of secrets.values()) if (!secret.gone) secret.left = "";
  return [...secrets.values()];
}

const RANK = {
  severity: (row) => SEVERITIES.indexOf(row.severity),
  confidence: (row) => CONFIDENCES.indexOf(row.confidence),
  layer: (row) => (row.layer ? row.finding.origin.layer_index : -1),
};

// By one column; what is equal stays in the report's own order, which is that of paths and lines.
function sortRows(rows, column, down) {
  const value = RANK[column] || ((row) => row[column]);
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    return left < right ? -sign : left > right ? sign : a.index - b.index;
  });
}
