// Offers names while one types into a field for a user or user group.
export default function (inputs, { element, json }) {
  for (const input of inputs) {
    const list = element("datalist", { id: `${input.id}-names` });
    input.after(list);
    input.setAttribute("list", list.id);
    let wait;
    input.addEventListener("input", () => {
      clearTimeout(wait);
      const typed = input.value.trim();
      if (!typed) return;
      wait = setTimeout(async () => {
        const kind = input.closest("tr")?.querySelector("select")?.value === "users_group" ? "groups" : "users";
        const { results } = await json(`${input.dataset.people}?types=${kind}&query=${encodeURIComponent(typed)}`);
        list.replaceChildren(...results.slice(0, 20).map((it) => element("option", { value: it.nname ?? it.grname }, [it.fname, it.lname].filter(Boolean).join(" "))));
      }, 150);
    });
  }
}
