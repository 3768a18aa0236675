"use strict";
// Every table can be sorted by its columns and copied as CSV, Markdown or LaTeX.

/** Makes an element with attributes and children; text is never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Tells readers who hear the page what has just happened. */
function say(text) {
  document.getElementById("status").textContent = text;
}

/** The text of a cell without what is only there to be operated, heard or looked at. */
function textOf(cell) {
  const copy = cell.cloneNode(true);
  for (const part of copy.querySelectorAll("svg, .sr, input")) part.remove();
  for (const line of copy.querySelectorAll("br")) line.replaceWith(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
}

/** The number by which a cell is sorted: its value, or the number that its text begins with; NaN for none. */
function numberOf(cell) {
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
  const found = textOf(cell).replace(/,/g, "").match(/^<?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/i);
  return found ? Number(found[1]) : NaN;
}

/** Sorts the rows of a table by a column. Cells without a value stay last. */
function sortBy(table, column, isDescending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[column];
    return { row, text: textOf(cell), number: numberOf(cell) };
  });
  const isNumeric = rows.some((one) => !Number.isNaN(one.number)) && rows.every((one) => !one.text || !Number.isNaN(one.number));
  const sign = isDescending ? -1 : 1;
  rows.sort((one, other) => {
    if (!one.text || !other.text) return Number(!one.text) - Number(!other.text);
    return sign * (isNumeric ? one.number - other.number : one.text.localeCompare(other.text));
  });
  body.append(...rows.map((one) => one.row));
}

/** Gives every heading of a table a button that sorts; a second press turns the order. */
function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    const button = make("button", { type: "button" });
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const before = heading.getAttribute("aria-sort");
      const isNumeric = [...table.tBodies[0].rows].some((row) => !Number.isNaN(numberOf(row.cells[column])));
      const isDescending = before ? before === "ascending" : isNumeric;
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      sortBy(table, column, isDescending);
      say(`Sorted by ${textOf(heading)}, ${isDescending ? "largest" : "smallest"} first.`);
    });
  });
}

/** The texts of all cells that can be seen, row by row, headings first. */
function visibleRows(table) {
  return [...table.rows]
    .filter((row) => !row.hidden)
    .map((row) => [...row.cells].filter((cell) => !cell.hidden && !cell.classList.contains("choice")).map(textOf));
}

const LATEX = {
  "\\": "\\textbackslash{}", "#": "\\#", "$": "\\$", "%": "\\%", "&": "\\&", "_": "\\_", "{": "\\{", "}": "\\}",
  "~": "\\textasciitilde{}", "^": "\\^{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
  "▲": "$\\blacktriangle$", "▼": "$\\blacktriangledown$", "✓": "yes:", "✗": "no:",
};

const FORMATS = {
  CSV: (rows) => rows.map((cells) => cells.map(csvCell).join(",")).join("\n"),
  Markdown: (rows) => {
    const lines = rows.map((cells) => `| ${cells.map((text) => text.replace(/[\\`*_|~$<>[\]!&]/g, "\\$&")).join(" | ")} |`);
    lines.splice(1, 0, `|${rows[0].map(() => "---").join("|")}|`);
    return lines.join("\n");
  },
  LaTeX: (rows) => {
    const lines = rows.map((cells) => `${cells.map(latexCell).join(" & ")} \\\\`);
    lines.splice(1, 0, "\\hline");
    return `\\begin{tabular}{l${"r".repeat(rows[0].length - 1)}}\n${lines.join("\n")}\n\\end{tabular}`;
  },
};

/** A cell of CSV that no spreadsheet takes for a formula. */
function csvCell(text) {
  const isFormula = /^'*[=+\-@]/.test(text) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** A cell of LaTeX; one that begins with a bracket would be an option of the end of the row before. */
function latexCell(text) {
  const escaped = [...text].map((character) => LATEX[character] ?? character).join("");
  return /^[[*]/.test(escaped) ? `{${escaped[0]}}${escaped.slice(1)}` : escaped;
}

/** Copies a text, also where the browser has no clipboard for pages from disk. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Puts the buttons that copy a table after its frame. */
function makeCopyable(table) {
  const tools = make("div", { class: "tools" }, "Copy as");
  for (const [name, write] of Object.entries(FORMATS)) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", async () => {
      await copy(write(visibleRows(table)));
      say(`The table was copied as ${name}.`);
      button.textContent = `${name}: copied`;
      setTimeout(() => { button.textContent = name; }, 1500);
    });
    tools.append(button);
  }
  (table.closest(".scroll") ?? table).after(tools);
}

/** Sorts and copies for a table that has just been put on the page. */
function enhance(table) {
  if (table.tBodies[0].rows.length > 1) makeSortable(table);
  makeCopyable(table);
}

for (const table of document.querySelectorAll("main table")) enhance(table);

addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
