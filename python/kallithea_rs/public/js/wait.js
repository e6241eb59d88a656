// Asks every second whether a repository is ready.
export default function ([place], { json, t }) {
  const ask = async () => {
    try {
      const { result } = await json(place.dataset.wait);
      if (result) return location.replace(place.dataset.waitThen);
      setTimeout(ask, 1000);
    } catch {
      place.textContent = t("The server does not say how far it is. Reload this page to ask again.");
      document.querySelector("progress")?.remove();
    }
  };
  setTimeout(ask, 500);
}
