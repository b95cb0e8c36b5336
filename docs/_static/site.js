// What scrolls sideways can be scrolled with the keyboard as well; what does not is no stop of the Tab key.
addEventListener("load", () => {
  for (const block of document.querySelectorAll("pre, .table-wrapper")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
  }
});
// Sphinx passes over numbers, such as an exit code's or an error's, and takes an option apart; it is asked for both as well.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const parsed = parse(query);
    const [, terms, , highlighted, objects] = parsed;
    for (const number of splitQuery(query).filter((word) => /^\d+$/.test(word))) {
      terms.add(number);
      highlighted.add(number);
    }
    if (/^\s*-[\w-]+\s*$/.test(query)) objects.clear(), objects.add(query.trim().toLowerCase());
    return parsed;
  };
});
