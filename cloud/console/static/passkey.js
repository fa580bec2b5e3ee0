// A passkey: asks the server what to ask, the device for its answer, and sends that as a plain form.
const form = document.getElementById("passkey");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function asked(options) {
  const lists = ["excludeCredentials", "allowCredentials"].filter((name) => options[name]);
  const found = { ...options, challenge: bytes(options.challenge) };
  for (const name of lists) found[name] = options[name].map((one) => ({ ...one, id: bytes(one.id) }));
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  return found;
}

function told(key) {
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (key.response[name]) said[name] = text(key.response[name]);
  }
  return { id: key.id, rawId: text(key.rawId), type: key.type, response: said };
}

async function send(event) {
  event.preventDefault();
  const fault = form.querySelector(".fault");
  fault.hidden = true;
  try {
    const options = asked(await (await fetch(form.dataset.ask)).json());
    const key = await navigator.credentials[form.dataset.does]({ publicKey: options });
    form.elements.answer.value = JSON.stringify(told(key));
    form.submit();
  } catch {
    fault.hidden = false; // the device said no, or the person did
  }
}

if (form && globalThis.PublicKeyCredential && !/^[\d.]+$/.test(location.hostname)) {
  form.hidden = false;
  form.addEventListener("submit", send);
}
