// Secrets -> a time line: how many entered and how many left in each day, month or span of years.

const MOST_BARS = 60;

function months(day) {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

function monthName(number) {
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String(number % 12 + 1).padStart(2, "0")}`;
}

// The finest scale that keeps the number of bars bounded, whatever dates somebody made up.
function scaleOf(first, last) {
  const days = (day) => Math.floor(Date.parse(`${day}T00:00:00Z`) / 86400000);
  if (days(last) - days(first) < MOST_BARS) {
    return { of: days, name: (number) => new Date(number * 86400000).toISOString().slice(0, 10) };
  }
  if (months(last) - months(first) < MOST_BARS) return { of: months, name: monthName };
  const year = (day) => Number(day.slice(0, 4));
  const step = Math.ceil((year(last) - year(first) + 1) / MOST_BARS);
  const name = (number) => String(number * step).padStart(4, "0");
  return {
    of: (day) => Math.floor(year(day) / step),
    name: (number) => (step === 1 ? name(number) : `${name(number)} to ${String(number * step + step - 1).padStart(4, "0")}`),
  };
}

function periodsOf(secrets) {
  const valid = (day) => day && !Number.isNaN(Date.parse(`${day}T00:00:00Z`));
  const days = secrets.flatMap((secret) => [secret.entered, secret.left]).filter(valid).sort();
  if (days.length === 0) return [];
  const scale = scaleOf(days[0], days[days.length - 1]);
  const start = scale.of(days[0]);
  const periods = [];
  for (let number = start; number <= scale.of(days[days.length - 1]); number += 1) {
    periods.push({ name: scale.name(number), entered: 0, left: 0, secrets: new Set() });
  }
  for (const secret of secrets) {
    for (const what of ["entered", "left"]) {
      if (!valid(secret[what])) continue;
      const period = periods[scale.of(secret[what]) - start];
      period[what] += 1;
      period.secrets.add(secret.key);
    }
  }
  return periods;
}

function barOf(period, highest, chosen) {
  const bar = (what) => {
    const made = element("i", { class: period[what] ? what : "" });
    // Set by script, since the policy forbids style attributes.
    made.style.height = `${period[what] === 0 ? 0 : Math.max(6, 100 * period[what] / highest)}%`;
    return made;
  };
  const label = `${period.name}: ${period.entered} entered, ${period.left} left`;
  return element("button", {
    type: "button", title: label, "aria-label": label, "aria-pressed": String(period.name === chosen), tabindex: "-1",
    "data-key": `period ${period.name}`,
  }, element("span", {}, bar("entered")), element("span", {}, bar("left")));
}

function drawTimeline(secrets, chosen, choose) {
  const periods = periodsOf(secrets);
  byId("timeline").hidden = periods.length === 0;
  if (periods.length === 0) return null;
  const highest = Math.max(...periods.flatMap((period) => [period.entered, period.left]));
  const bars = periods.map((period) => barOf(period, highest, chosen));
  for (const [number, bar] of bars.entries()) {
    bar.addEventListener("click", () => choose(periods[number].name === chosen ? "" : periods[number].name));
  }
  (bars[periods.findIndex((period) => period.name === chosen)] || bars[0]).tabIndex = 0;
  byId("bars").replaceChildren(...bars);
  const total = (what) => secrets.filter((secret) => secret[what]).length.toLocaleString("en");
  const span = periods.length === 1 ? periods[0].name : `${periods[0].name} \u2013 ${periods[periods.length - 1].name}`;
  byId("range").textContent = `${span}: ${total("entered")} entered, ${total("left")} left (last seen then)`
    + (chosen ? `; shown: ${chosen} only` : "");
  return periods.find((period) => period.name === chosen) || null;
}

// Arrow keys move along the bars; one of them is in the order of Tab.
function moveAlong(event) {
  const bars = [...byId("bars").children];
  const at = bars.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: bars.length - 1 }[event.key];
  if (at < 0 || to === undefined || !bars[to]) return;
  event.preventDefault();
  bars[at].tabIndex = -1;
  bars[to].tabIndex = 0;
  bars[to].focus();
}
