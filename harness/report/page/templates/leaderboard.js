// A leaderboard can be searched, filtered by the kind of system, and shown with other columns.

/** A labelled checkbox that calls `changed` with its new state. */
function checkbox(text, isChecked, changed) {
  const input = make("input", { type: "checkbox" });
  input.checked = isChecked;
  input.addEventListener("change", () => changed(input.checked));
  return make("label", {}, input, text);
}

function makeTools(board) {
  const table = board.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const kinds = [...new Set(rows.map((row) => row.dataset.kind))];
  const shown = new Set(kinds);
  const search = make("input", { type: "search" });

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    for (const row of rows) {
      const isNamed = textOf(row.cells[0]).toLowerCase().includes(wanted);
      row.hidden = !(isNamed && shown.has(row.dataset.kind));
    }
    say(`${rows.filter((row) => !row.hidden).length} of ${rows.length} systems are shown.`);
  }

  search.addEventListener("input", filter);
  const tools = make("div", { class: "tools" }, make("label", {}, "Search", search));
  if (kinds.length > 1) {
    const choices = kinds.map((kind) => checkbox(kind, true, (isShown) => {
      if (isShown) shown.add(kind);
      else shown.delete(kind);
      filter();
    }));
    tools.append(make("fieldset", {}, make("legend", {}, "Kinds"), ...choices));
  }
  board.prepend(tools, columnChoice(table));
}

/** All columns in groups, each with a checkbox. */
function columnChoice(table) {
  const groups = new Map();
  [...table.tHead.rows[0].cells].forEach((heading, place) => {
    const group = heading.dataset.group;
    if (!group) return;
    const choice = checkbox(textOf(heading), !heading.hidden, (isShown) => {
      for (const row of table.rows) row.cells[place].hidden = !isShown;
    });
    groups.set(group, [...(groups.get(group) ?? []), choice]);
  });
  const sets = [...groups].map(([group, choices]) => make("fieldset", {}, make("legend", {}, group), ...choices));
  const details = make("details", {}, make("summary", {}, "Metrics and columns"));
  details.append(make("div", { class: "tools" }, ...sets));
  return details;
}

for (const board of document.querySelectorAll(".leaderboard")) makeTools(board);
