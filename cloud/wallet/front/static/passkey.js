// Passkeys: what the accounts service asks is asked of the device, and its answer sent back.
import { call, Problem } from "./api.js";

/** A browser that reads and writes the JSON of WebAuthn level 3; others are shown no button. */
export const able = () => Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON && !/^[\d.]+$/.test(location.hostname));

export async function addPasskey(label) {
  const { challenge, options } = await call("passkeys/ask");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const key = await shown(navigator.credentials.create({ publicKey }));
  return call("passkeys/add", { challenge, answer: JSON.stringify(key), label });
}

export async function byPasskey() {
  const { challenge, options } = await call("sign-in/passkey/ask");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const key = await shown(navigator.credentials.get({ publicKey }));
  return call("sign-in/passkey", { challenge, answer: JSON.stringify(key) });
}

export async function provenByPasskey() {
  const { challenge, options } = await call("prove/passkey/ask");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return call("prove/passkey", { challenge, answer: JSON.stringify(await shown(navigator.credentials.get({ publicKey }))) });
}

async function shown(asked) {
  try {
    return (await asked).toJSON();
  } catch {
    throw new Problem({ status: 403, code: "device-no", zh: "设备没有给出密钥", en: "the device gave no key" }); // it, or the person, said no
  }
}
