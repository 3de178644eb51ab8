import { expect, it } from "vitest";
import { Lane } from "./lane.ts";

const forever = new AbortController().signal;

it("lets one in at a time, in order, and tells each place", async () => {
  const lane = new Lane(8, "things");
  const places = Array.from({ length: 3 }, () => lane.join());
  const told: number[][] = [[], [], []];
  const fronts = places.map((place, i) => place.front(forever, (position) => told[i]?.push(position)));
  await fronts[0];
  expect(places.map(({ position }) => position)).toEqual([0, 1, 2]);
  places[0]?.leave();
  await fronts[1];
  places[1]?.leave();
  await fronts[2];
  expect(told).toEqual([[0], [1, 0], [2, 1, 0]]);
  places[2]?.leave();
  places[2]?.leave();
  expect(lane.length).toBe(0);
});

it("moves up those behind one that leaves while it waits", async () => {
  const lane = new Lane(8, "things");
  const [first, second, third] = [lane.join(), lane.join(), lane.join()];
  const stop = new AbortController();
  const waiting = second.front(stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  second.leave();
  expect(third.position).toBe(1);
  first.leave();
  await third.front(forever);
});

it("refuses one too many", () => {
  const lane = new Lane(1, "things");
  lane.join();
  lane.join();
  expect(() => lane.join()).toThrow("1 things are waiting");
});
