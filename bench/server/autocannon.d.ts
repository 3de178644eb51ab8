declare module "autocannon" {
  interface Options {
    url: string;
    connections: number;
    duration: number;
    requests?: { method: string; path: string }[];
  }
  interface Result {
    errors: number;
    timeouts: number;
    non2xx: number;
    "2xx": number;
    requests: { average: number };
    latency: { p50: number; p97_5: number; p99: number; max: number };
  }
  export default function autocannon(options: Options): Promise<Result>;
}
