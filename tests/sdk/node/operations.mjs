// Ten of TaskRouter's main operations by Twilio's own SDK for Node, unchanged but for the address.
// node operations.mjs URL ACCOUNT TOKEN: prints what it did as JSON, or fails with what went wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [url, account, token] = process.argv.slice(2);
const done = [];

/** The client that the documentation gives to integrators. */
function documented() {
  const text = readFileSync(new URL("../../../docs/taskrouter.md", import.meta.url), "utf8");
  const [, code] = text.match(/```js\n(.*?)```/s);
  return new Function("require", `${code}\nreturn connect;`)(createRequire(import.meta.url));
}

/** What an operation answered; its name is that of the specification. */
async function did(operation, answer) {
  const found = await answer;
  done.push(operation);
  return found;
}

/** The status and number with which it is refused. */
async function refusal(answer) {
  return answer.then(
    () => assert.fail("it was not refused"),
    ({ status, code }) => ({ status, code }),
  );
}

const taskrouter = documented()(url, account, token).taskrouter.v1;

const made = await did("CreateWorkspace", taskrouter.workspaces.create({ friendlyName: "By Node" }));
const home = taskrouter.workspaces(made.sid);
assert.ok(made.url.startsWith(`${url}/taskrouter/v1/Workspaces/WS`));
assert.ok(made.dateCreated instanceof Date);

const activities = await did("ListActivity", home.activities.list({ pageSize: 1 }));
const available = activities.find((each) => each.available);
assert.equal(activities.length, 4);

const queue = await did(
  "CreateTaskQueue",
  home.taskQueues.create({ friendlyName: "Support", targetWorkers: "skills HAS 'support'" }),
);
assert.deepEqual(await refusal(home.taskQueues.create({ friendlyName: "Bad", targetWorkers: "skills HAS" })), {
  status: 400,
  code: 20001,
});

const configuration = JSON.stringify({
  task_routing: { filters: [{ expression: "1==1", targets: [{ queue: queue.sid }] }] },
});
const workflow = await did(
  "CreateWorkflow",
  home.workflows.create({ friendlyName: "Everything", configuration, taskReservationTimeout: 60 }),
);
assert.equal(workflow.taskReservationTimeout, 60);

const worker = await did(
  "CreateWorker",
  home.workers.create({
    friendlyName: "Ada",
    attributes: JSON.stringify({ skills: ["support"] }),
    activitySid: available.sid,
  }),
);
assert.equal(worker.available, true);

const task = await did(
  "CreateTask",
  home.tasks.create({ workflowSid: workflow.sid, attributes: JSON.stringify({ topic: "parcel" }), priority: 5 }),
);
assert.equal(JSON.parse(task.attributes).topic, "parcel");
assert.equal(task.taskQueueSid, queue.sid);

const [offer] = await did("ListTaskReservation", offered(task.sid));
assert.equal(offer.workerSid, worker.sid);

const taken = await did(
  "UpdateTaskReservation",
  home.tasks(task.sid).reservations(offer.sid).update({ reservationStatus: "accepted" }),
);
assert.equal(taken.reservationStatus, "accepted");

const ended = await did(
  "UpdateTask",
  home.tasks(task.sid).update({ assignmentStatus: "completed", reason: "answered" }),
);
assert.equal(ended.assignmentStatus, "completed");

const tasks = await did("ListTask", home.tasks.list({ assignmentStatus: ["completed"], pageSize: 1 }));
assert.deepEqual(
  tasks.map((each) => each.sid),
  [task.sid],
);
assert.deepEqual(await refusal(home.tasks("WT" + "0".repeat(32)).fetch()), { status: 404, code: 20404 });

console.log(JSON.stringify(done));

/** The task's reservations, as soon as the router has offered it. */
async function offered(sid) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const found = await home.tasks(sid).reservations.list();
    if (found.length) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail("nobody was asked");
}
