// What scrolls sideways can be scrolled with the keyboard as well; what does not is no stop of the Tab key.
addEventListener("load", () => {
  for (const block of document.querySelectorAll("pre, .table-wrapper")) {
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
  }
});
