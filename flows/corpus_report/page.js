// Tables sort by the column whose heading is pressed; without scripts they stay in the order they came in.
const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
};

const sort = (table, heading) => {
  const column = heading.cellIndex;
  const upwards = heading.getAttribute("aria-sort") === "descending";
  const order = (a, b) => {
    const [left, right] = [value(a, column), value(b, column)];
    const difference = typeof left === "number" ? left - right : left.localeCompare(right);
    return upwards ? difference : -difference;
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", upwards ? "ascending" : "descending");
};

for (const table of document.querySelectorAll("table.sortable")) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading));
    heading.append(button);
  }
}
