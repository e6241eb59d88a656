// Asks every second whether a repository is ready, and shows how far it is.
export default function ([place], { json, t }) {
  const bar = document.querySelector("progress");
  const words = document.querySelector("[data-wait-stage]");
  const ask = async () => {
    try {
      const { result, failed, stage, percent } = await json(place.dataset.wait);
      if (result) return location.replace(place.dataset.waitThen);
      if (failed) return location.replace(place.dataset.waitFailed);
      if (words) words.textContent = stage ?? "";
      if (percent == null) bar?.removeAttribute("value");
      else if (bar) bar.value = percent;
      setTimeout(ask, 1000);
    } catch {
      place.textContent = t("The server does not say how far it is. Reload this page to ask again.");
      bar?.remove();
    }
  };
  setTimeout(ask, 500);
}
