import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { ApiError, sayLost } from "./client.ts";
import { createQueryClient } from "./query-client.ts";

const unreachable = (): ApiError => new ApiError({ code: "unreachable", message: "the server does not answer" }, 0);

test("whoever finds no server has the status asked for at once; once it is known to be gone, nobody hurries it", async () => {
  const client = createQueryClient();
  let there = true;
  const asked = vi.fn<() => Promise<unknown>>(() => (there ? Promise.resolve({ software: "1" }) : Promise.reject(unreachable())));
  const status = new QueryObserver(client, { queryKey: ["status"], queryFn: asked, retry: false });
  const end = status.subscribe(() => undefined);
  await vi.waitFor(() => expect(status.getCurrentResult().isSuccess).toBe(true));

  there = false;
  sayLost();
  sayLost();
  await vi.waitFor(() => expect(status.getCurrentResult().isError).toBe(true));
  expect(asked).toHaveBeenCalledTimes(2);
  sayLost();
  expect(asked).toHaveBeenCalledTimes(2);
  end();
  client.clear();
});

test("what found no server is asked anew when the status answers again", async () => {
  const client = createQueryClient();
  let there = false;
  const answer = (): Promise<string> => (there ? Promise.resolve("here") : Promise.reject(unreachable()));
  const list = new QueryObserver(client, { queryKey: ["lists", "a"], queryFn: answer, retry: false });
  const end = list.subscribe(() => undefined);
  await vi.waitFor(() => expect(list.getCurrentResult().isError).toBe(true));
  there = true;
  await client.fetchQuery({ queryKey: ["status"], queryFn: answer });
  await vi.waitFor(() => expect(list.getCurrentResult().data).toBe("here"));
  end();
  client.clear();
});
