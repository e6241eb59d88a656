// Filters the rows of a table while one types; Enter still sends the form.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export default function (inputs) {
  for (const input of inputs) {
    const table = document.getElementById(input.dataset.filter);
    if (!table) continue;
    const none = document.querySelector(`[data-filter-none="${input.dataset.filter}"]`);
    const rows = [...table.querySelectorAll("tbody tr")].map((row) => [row, plain(row.dataset.name ?? row.textContent)]);
    const apply = () => {
      const words = plain(input.value).split(/\s+/);
      let shown = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown += 1;
      }
      table.hidden = shown === 0;
      if (none) none.hidden = shown > 0;
    };
    input.addEventListener("input", apply);
    if (input.value && input.value !== input.defaultValue) apply();
  }
}
