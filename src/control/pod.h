/*
 * pod - the controller of Pods, the only one that starts anything.
 *
 *   Pending -- intent committed --> handed to the runtime --> Running --> Succeeded | Failed
 *
 * For each Pod that is not over it gathers what the Pod refers to (ConfigMaps, Secrets, claims),
 * records the first attempt of each container, and tells the runtime to start once that is
 * committed.  Events of the runtime become Pod.status.  "Running" is held back for POD_HOLD_US, so
 * that a step without work costs two commits: intent and end.
 *
 * Annotations, the contract with those who make Pods (the workflow engine):
 *
 *   sluice.dev/io       what to place before the main container starts and to save after it ended
 *                       (runner/podio.h has the fields)
 *   sluice.dev/outputs  written in the turn in which the phase becomes Succeeded or Failed:
 *     {"exitCode":0,"progress":"N/M","result":"text","parameters":{"name":"value"},
 *      "artifacts":{"name":{"key","bytes","digest"}},"missing":["name"],"error":"text",
 *      "queued_us","ready_us","started_us","ended_us","saved_us","samples":{"cpu_us",
 *      "memory_peak_bytes"}}
 *
 * While a pod waits for its turn, status.reason is Queued and status.message the sentence that says
 * for what ("waiting for cpu: 2 of 2 in use by pod-x"); Unschedulable if this machine can never
 * give it what it asks for.
 *
 * Failed pods carry a reason: InputFailed (`artifact <n> failed to load: ...`), DeadlineExceeded,
 * OutputFailed (the annotation's error), InvalidSpec, or none when a container failed.  Core thread
 * only.
 */
#ifndef CONTROL_POD_H
#define CONTROL_POD_H

#define POD_IO_ANNOTATION "sluice.dev/io"
#define POD_OUTPUTS_ANNOTATION "sluice.dev/outputs"

enum { POD_HOLD_US = 20 * 1000 };

#endif
