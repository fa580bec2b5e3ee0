// A stranger's device: the public npm package sparkplug-client, which knows nothing of us. Lines on standard output.
// node strangers_device.js URL USER PASSWORD GROUP NODE; standard input: `set NAME VALUE`, `stop`.
"use strict";
const { newClient } = require("sparkplug-client");

const [serverUrl, username, password, groupId, edgeNode] = process.argv.slice(2);
const DEVICE = "boiler";
const metrics = new Map([
  ["Temperature", { type: "Double", value: 61.5, properties: { engUnit: { type: "String", value: "°C" } } }],
  ["Setpoint", { type: "Int32", value: 60 }],
  ["Running", { type: "Boolean", value: true }],
]);
const told = (name) => ({ name, timestamp: Date.now(), ...metrics.get(name) });
const say = (...words) => console.log(...words);

const client = newClient({ serverUrl, username, password, groupId, edgeNode, clientId: `${edgeNode}-client` });
client.on("connect", () => say("CONNECTED"));
client.on("birth", () => {
  client.publishNodeBirth({
    timestamp: Date.now(),
    metrics: [{ name: "Node Control/Rebirth", timestamp: Date.now(), type: "Boolean", value: false }],
  });
  client.publishDeviceBirth(DEVICE, { timestamp: Date.now(), metrics: [...metrics.keys()].map(told) });
  say("BORN");
});
client.on("dcmd", (device, payload) => {
  for (const one of payload.metrics) {
    const value = typeof one.value === "object" && one.value !== null ? Number(one.value) : one.value;
    metrics.get(one.name).value = value;
    say("COMMANDED", device, one.name, value);
    client.publishDeviceData(DEVICE, { timestamp: Date.now(), metrics: [told(one.name)] });
  }
});
client.on("ncmd", (payload) => {
  if (payload.metrics.some((one) => one.name === "Node Control/Rebirth" && one.value)) client.emit("birth");
});
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [word, name, value] = line.split(" ");
  if (word === "stop") return client.stop();
  metrics.get(name).value = Number(value);
  client.publishDeviceData(DEVICE, { timestamp: Date.now(), metrics: [told(name)] });
});
