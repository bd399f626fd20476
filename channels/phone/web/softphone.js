// Twilio's Voice JS SDK as a module: what a desk imports. The library beside it is the vendor's file, unchanged.
import "./twilio-2.18.5.min.js";

export const { Device, Call } = globalThis.Twilio;
