// graphile-worker on the same PostgreSQL: fill the table in one statement, let one process empty it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.env.BENCH_NODE + "/package.json"));
const { Logger, run, runMigrations } = require("graphile-worker");
const { Pool } = require("pg");

const count = Number(process.argv[2]);
const batched = process.argv[3] === "batched";
const connectionString = process.env.BENCH_DATABASE;

// A line for each job would be most of the work.
const logger = new Logger(() => () => {});
const preset = {
  worker: {
    logger,
    connectionString,
    concurrentJobs: batched ? 24 : 10,
    maxPoolSize: 12,
    ...(batched ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}),
  },
};

await runMigrations({ connectionString, logger });
const pool = new Pool({ connectionString, max: 1 });
await pool.query(
  `SELECT graphile_worker.add_job('job', json_build_object('number', n), priority := (n % 10)::int)
   FROM generate_series(1, $1::int) n`,
  [count],
);
let done = 0;
let began = 0;
let finished;
const all = new Promise((resolve) => (finished = resolve));
const runner = await run({
  preset,
  noHandleSignals: true,
  taskList: {
    job() {
      began ||= performance.now();
      if (++done === count) finished();
    },
  },
});
await all;
// The last of them have run, but may not have been noted as done.
while ((await pool.query("SELECT EXISTS (SELECT FROM graphile_worker.jobs) AS some")).rows[0].some) {
  await new Promise((resolve) => setTimeout(resolve, 2));
}
const seconds = (performance.now() - began) / 1000;
await runner.stop();
await pool.end();
console.log(JSON.stringify({ rate: count / seconds }));
process.exit(0);
