import { resolveModel } from "../../resolve-model.ts";

/** Run as a process of its own, to be killed or to race with another: gets the model named and prints where it lies. */
const place = await resolveModel(process.argv[2] ?? "");
console.log(JSON.stringify(place));
