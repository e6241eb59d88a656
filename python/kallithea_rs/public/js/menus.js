// Menus open without script; with it one is open at a time, Escape and a click elsewhere close it, arrows move.
export default function (menus) {
  const close = (menu) => { menu.open = false; };
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (menu.open && !menu.contains(event.target)) close(menu);
  });
  for (const menu of menus) {
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) {
        close(menu);
        menu.querySelector("summary").focus();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.defaultPrevented) {
        const items = [...menu.querySelectorAll(".menu-body a, .menu-body button, .menu-body input")];
        const here = items.indexOf(document.activeElement);
        const next = items[(here + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length];
        if (menu.open && next) { next.focus(); event.preventDefault(); }
      }
    });
    menu.addEventListener("toggle", () => {
      if (menu.open) for (const other of menus) if (other !== menu) close(other);
    });
  }
}
