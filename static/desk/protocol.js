/**
 * Names and shapes of what goes over the desk's socket. Types only, and the few names that code compares with.
 *
 * @typedef {{sid: string, friendly_name: string, available: boolean}} Activity
 *
 * @typedef {object} Worker
 * @property {string} sid
 * @property {number} version
 * @property {string} friendly_name
 * @property {string} activity_sid
 * @property {string} activity_name
 * @property {boolean} available
 * @property {Record<string, unknown>} attributes
 * @property {string} date_status_changed
 * @property {{task_channel: string, configured_capacity: number, available: boolean, load: number}[]} channels
 *
 * @typedef {object} Task
 * @property {string} sid
 * @property {number} version
 * @property {string} assignment_status
 * @property {number} priority
 * @property {Record<string, any>} attributes
 * @property {string} reason
 * @property {string} task_channel
 * @property {string} task_queue_sid
 * @property {string} task_queue_friendly_name
 * @property {string} workflow_sid
 * @property {string} workflow_friendly_name
 * @property {string} date_created
 * @property {string} task_queue_entered_date
 *
 * @typedef {object} Reservation
 * @property {string} sid
 * @property {number} version
 * @property {string} reservation_status
 * @property {string} expires_at
 * @property {string} date_created
 * @property {string} worker_sid
 * @property {string} worker_name
 * @property {Task} task
 *
 * @typedef {{worker_sid: string, name: string, read_index: number}} Participant
 *
 * @typedef {object} Conversation
 * @property {string} sid
 * @property {number} version
 * @property {"open"|"closed"} state
 * @property {string} channel
 * @property {"bot"|"queue"|"agent"} owner
 * @property {{sid: string, name: string}} contact
 * @property {string} customer_address
 * @property {string} customer_shown   the same as people read it
 * @property {string} our_address
 * @property {string} our_name
 * @property {Record<string, any>} attributes
 * @property {number} last_index
 * @property {Participant[]} participants
 * @property {string} date_created
 * @property {string|null} date_closed
 * @property {boolean} opted_out
 * @property {boolean} blocked
 * @property {{closes_at: string|null}|null} window  until when free text may be sent; null: always
 * @property {{index: number, author_kind: string, body: string, date_created: string}|null} last_message
 *
 * @typedef {{sid: string, content_type: string, size: number|null, status: string, url: string,
 *   name?: string, thumbnail_url?: string, width?: number, height?: number, failure?: string}} Media
 *
 * @typedef {object} Attachment  A file that waits for the next message.
 * @property {string} id        ours alone
 * @property {string} sid       the server's, once it has the file
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {string} preview   address of a picture, or ""
 * @property {"waiting"|"uploading"|"ready"|"refused"|"lost"} phase
 * @property {number} progress  from 0 to 1
 * @property {string} error     why not, in words
 *
 * @typedef {object} Details  What a message says beside its words; only what it has is there.
 * @property {{latitude: number, longitude: number, name: string, address: string}} [location]
 * @property {{kind: string, text: string, payload: string}} [choice]
 * @property {{headline: string, body: string, source_type: string, source_url: string}} [referral]
 * @property {{index: number|null, author_kind: string, body: string}} [quote]
 * @property {"once"|"often"} [forwarded]
 *
 * @typedef {{kind: "reply"|"url"|"phone"|"copy"|"list", title: string, value: string}} Button
 *
 * @typedef {object} Content  What a message made of a template shows beside its words.
 * @property {string} sid
 * @property {string} name
 * @property {string} footer
 * @property {Button[]} buttons
 * @property {string[]} media
 *
 * @typedef {object} Message
 * @property {string} sid
 * @property {number} version
 * @property {string} conversation_sid
 * @property {number} index
 * @property {string} ref
 * @property {"inbound"|"outbound"} direction
 * @property {{kind: string, sid: string, name: string}} author
 * @property {string} body
 * @property {Media[]} media
 * @property {Details} details
 * @property {Content|null} content
 * @property {string} status
 * @property {string|number|null} error_code
 * @property {string|null} error_message
 * @property {string} date_created
 *
 * @typedef {object} Scheduled  Words that wait for their time.
 * @property {string} sid
 * @property {number} version
 * @property {string} conversation_sid
 * @property {string} ref
 * @property {{kind: string, sid: string, name: string}} author
 * @property {string} body
 * @property {Content|null} content
 * @property {"scheduled"|"sent"|"failed"|"canceled"} status
 * @property {string} due_at
 * @property {string} error_code
 * @property {string} error_message
 * @property {string} message_sid
 * @property {string} date_created
 *
 * @typedef {{version: number, interrupted_at: string|null, code: string}} Carrier
 *   the way to the provider: since when messages wait, and why
 *
 * @typedef {object} Snapshot
 * @property {Worker|null} worker
 * @property {Activity[]} activities
 * @property {Reservation[]} reservations
 * @property {Conversation[]} conversations
 * @property {Message[]} messages
 * @property {Scheduled[]} scheduled
 * @property {Carrier} [carrier]
 *
 * @typedef {{t: "welcome", now: string, audiences: string[], heads: Record<string, number>, snapshot: Snapshot|null}} Welcome
 * @typedef {{t: "event", a: string, n: number, type: string, at: string, ref?: string, data: any}} EventFrame
 * @typedef {{t: "heartbeat", now: string, heads: Record<string, number>}} Heartbeat
 * @typedef {{t: "ok", ref: string, data?: any}} Ok
 * @typedef {{t: "error", ref: string, code: string, message: string, field?: string|null}} Failure
 * @typedef {{t: "blip", kind: string, conversation: string, author: {kind: string, name: string}}} Blip
 * @typedef {Welcome|EventFrame|Heartbeat|Ok|Failure|Blip|{t: "drain"}} ServerFrame
 *
 * @typedef {object} State  What the server has told us; `apply.js` is the only writer.
 * @property {Worker|null} worker
 * @property {Activity[]} activities
 * @property {Record<string, Reservation>} reservations
 * @property {Record<string, Conversation>} conversations
 * @property {Record<string, Message[]>} messages   per conversation, ascending by index
 * @property {Record<string, Scheduled>} scheduled
 * @property {Record<string, number>} cursors       last event seen, per audience
 * @property {Carrier} carrier
 * @property {boolean} behind                       events are missing: resume
 *
 * @typedef {object} Command  A command in the outbox.
 * @property {string} ref
 * @property {string} do
 * @property {Record<string, any>} args
 * @property {string} at                            when it was given, ISO 8601
 * @property {"waiting"|"accepted"|"failed"} phase
 * @property {string} [error]                       the server's words, when failed
 */

/** Close codes of the desk's socket. */
export const CLOSE = Object.freeze({
  BAD_FRAME: 4400,
  SIGN_IN: 4401,
  NOT_ALLOWED: 4403,
  TOO_SLOW: 4408,
  TOO_MANY: 4429,
  RESTART: 1012,
});

/** Statuses of a reservation that still need the agent. */
export const OPEN_RESERVATION = Object.freeze(["pending", "accepted", "wrapping"]);

/** Outbound statuses at which sending has gone wrong (`unknown`: nobody can tell). */
export const TROUBLED = Object.freeze(["failed", "undelivered", "unknown"]);
