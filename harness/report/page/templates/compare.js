// Two systems of a dataset compared: chosen in two lists, or by pressing their names in the leaderboard.

const SCALE = 10000;
const SVG = "http://www.w3.org/2000/svg";

/** A number that was multiplied by SCALE, with four decimals; empty if there is none. */
function decimals(value, isSigned = false) {
  if (value === null) return "";
  const text = (value / SCALE).toFixed(4);
  return isSigned && value >= 0 ? `+${text}` : text;
}

/** A p as papers print it. */
function probability(value) {
  if (value === null) return "";
  const p = value / SCALE;
  return p < 0.001 ? "<.001" : p.toFixed(3).replace(/^0/, "");
}

/** A difference with its interval, turned round where the pair is stored the other way. */
function interval(columns, place, sign) {
  const ends = [columns.low[place], columns.high[place]];
  const [low, high] = sign > 0 ? ends : [ends[1], ends[0]];
  const turned = (value) => (value === null ? null : sign * value + 0);
  return { value: turned(columns.difference[place]), low: turned(low), high: turned(high) };
}

function written({ value, low, high }) {
  return decimals(value, true) + (low === null ? "" : ` [${decimals(low, true)}, ${decimals(high, true)}]`);
}

/** Inflates the comparisons of a dataset. */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** A table from headings and rows of texts, with a frame that scrolls. */
function tableOf(label, headings, rows) {
  const head = make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text))));
  const body = make("tbody", {}, ...rows.map(([first, ...others]) =>
    make("tr", {}, make("th", { scope: "row" }, first), ...others.map((text) => make("td", { class: "number" }, text)))));
  const table = make("table", {}, head, body);
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

const SIGN = { better: "▲ better", worse: "▼ worse", equal: "= equal", undecided: "? undecided", "": "not judged" };
const TURNED = { better: "worse", worse: "better" };

/** One row for each metric: difference, p, verdict, and users. */
function metricsTable(data, place, sign, [first, second]) {
  const rows = data.metrics.map((columns) => {
    const verdict = columns.verdict[place];
    const said = SIGN[sign > 0 ? verdict : TURNED[verdict] ?? verdict];
    const users = [columns.first_wins[place], columns.ties[place], columns.second_wins[place]];
    if (sign < 0) users.reverse();
    return [columns.title, written(interval(columns, place, sign)), probability(columns.p[place]),
      probability(columns.p_holm[place]), said, ...users.map((count) => count.toLocaleString("en"))];
  });
  const headings = ["Metric", "difference [95 %]", "p", "p (Holm)", `${first} is`, `users better with ${first}`, "ties", `users better with ${second}`];
  return tableOf(`${first} less ${second}`, headings, rows);
}

function shape(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

/** Differences with intervals over the strata of users. */
function plot(strata, points, label) {
  const width = 640, height = 240, left = 70, bottom = 40, top = 12;
  const ends = points.flatMap((point) => [point.value, point.low, point.high]).filter((value) => value !== null);
  const low = Math.min(0, ...ends), high = Math.max(0, ...ends), span = high - low || 1;
  const y = (value) => top + (height - top - bottom) * (1 - (value - low) / span);
  const x = (place) => left + (width - left - 20) * (place + 0.5) / points.length;
  const figure = shape("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  figure.append(shape("path", { class: "zero", d: `M${left} ${y(0)}H${width - 10}` }));
  for (const value of new Set([low, 0, high])) {
    figure.append(shape("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, decimals(value, true)));
  }
  points.forEach((point, place) => {
    if (point.low !== null) figure.append(shape("path", { d: `M${x(place)} ${y(point.low)}V${y(point.high)}` }));
    figure.append(shape("circle", { cx: x(place), cy: y(point.value), r: 4 }));
    figure.append(shape("text", { x: x(place), y: height - 18, "text-anchor": "middle" }, strata.labels[place]));
  });
  figure.append(shape("text", { x: (left + width) / 2, y: height - 3, "text-anchor": "middle" }, "train pairs of a user"));
  return figure;
}

/** Users with few and with many train pairs: a figure and its table. */
function strataPart(data, place, sign, [first, second]) {
  if (!data.strata) return [make("p", {}, "The store does not hold the users' train pairs.")];
  const { strata } = data;
  const points = strata.labels.map((_, stratum) => interval(
    { difference: strata.difference[stratum], low: strata.low[stratum], high: strata.high[stratum] }, place, sign));
  const label = `${strata.metric} of ${first} less ${second}, by train pairs of a user`;
  const rows = points.map((point, stratum) => [strata.labels[stratum], strata.users[stratum].toLocaleString("en"), written(point)]);
  return [make("h4", {}, label), plot(strata, points, label), tableOf(label, ["train pairs", "users", "difference [95 %]"], rows)];
}

/** The users whose scores differ most. */
function usersPart(data, place, sign, [first, second]) {
  if (!data.users) return [];
  const [places, ...scores] = data.users.pairs[place];
  if (sign < 0) scores.reverse();
  const rows = places.map((user, at) => {
    const pairs = data.users.train_pairs[user];
    const both = scores.map((column) => column[at]);
    return [data.users.names[user], pairs === null ? "" : String(pairs), ...both.map((value) => decimals(value)), decimals(both[0] - both[1], true)];
  });
  if (!rows.length) return [make("p", {}, "Both systems have the same score for every user.")];
  const label = `The ${rows.length} users whose ${data.users.metric} differs most`;
  return [make("h4", {}, label), tableOf(label, ["User", "train pairs", first, second, "difference"], rows)];
}

function makeComparison(part) {
  const packed = part.querySelector("script");
  const board = [...document.querySelectorAll(".leaderboard")].find((one) => one.dataset.dataset === part.dataset.dataset);
  const result = make("div", { "aria-live": "polite" });
  const lists = ["First system", "Second system"].map((text) => [text, make("select")]);
  let unpacked;

  async function show() {
    unpacked ??= unpack(packed.textContent);
    const data = await unpacked;
    const names = lists.map(([, list]) => list.value);
    for (const row of board?.querySelectorAll("tbody tr") ?? []) row.classList.toggle("chosen", names.includes(textOf(row.cells[0])));
    const [one, other] = names.map((name) => data.systems.indexOf(name));
    if (one === other) {
      result.replaceChildren(make("p", {}, "Choose two different systems."));
      return;
    }
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const count = data.systems.length;
    const place = low * count - (low * (low + 1)) / 2 + high - low - 1;
    const sign = one < other ? 1 : -1;
    result.replaceChildren(metricsTable(data, place, sign, names), ...strataPart(data, place, sign, names), ...usersPart(data, place, sign, names));
    for (const table of result.querySelectorAll("table")) enhance(table);
  }

  async function start() {
    const names = (await (unpacked ??= unpack(packed.textContent))).systems;
    for (const [place, [, list]] of lists.entries()) {
      list.append(...names.map((name) => make("option", { value: name }, name)));
      list.selectedIndex = place;
      list.addEventListener("change", show);
    }
    await show();
  }

  const button = make("button", { type: "button" }, "Compare two systems");
  button.addEventListener("click", async () => {
    await start();
    button.replaceWith(make("div", { class: "tools" }, ...lists.map(([text, list]) => make("label", {}, text, list))));
    lists[0][1].focus();
  });
  part.querySelector(".static").replaceWith(button, result);
  if (board) makeChoosable(board, button, lists, show);
}

/** Pressing the names of two systems in the leaderboard compares them. */
function makeChoosable(board, button, lists, show) {
  let next = 0;
  for (const row of board.querySelectorAll("tbody tr")) {
    const name = textOf(row.cells[0]);
    if (row.dataset.kind === "grid point") continue;
    const choose = make("button", { type: "button", class: "choose", title: "Compare this system with another" }, name);
    choose.addEventListener("click", async () => {
      if (button.isConnected) {
        button.click();
        await new Promise((resolve) => { setTimeout(resolve, 200); });
      }
      lists[next % 2][1].value = name;
      next += 1;
      await show();
      choose.focus();
      say(next % 2 ? `${name} is the first system. Press another one.` : "The two systems are compared below the table.");
    });
    row.cells[0].replaceChildren(choose);
  }
}

for (const part of document.querySelectorAll(".compare")) makeComparison(part);
