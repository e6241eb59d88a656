// A dangerous button stays off until the name is typed.
export default function (inputs) {
  for (const input of inputs) {
    const button = input.form.querySelector("button[type=submit]");
    const check = () => { button.disabled = input.value.trim() !== input.dataset.confirm; };
    input.addEventListener("input", check);
    check();
  }
}
