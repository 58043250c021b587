/*
 * columns_int - cells that take more than a look at a field.
 */
#ifndef SCHEMA_COLUMNS_INT_H
#define SCHEMA_COLUMNS_INT_H

#include <stdint.h>

struct buf;
struct json;

/* Writes one cell's text. */
typedef void columns_cell_fn(const struct json *object, int64_t now_us, struct buf *to);

/* "5m" */
void columns_write_age(int64_t us, struct buf *to);
/* The same of a time that has passed; "<unknown>" for none. */
void columns_write_since(const struct json *time, int64_t now_us, struct buf *to);

/* columns_pod.c */
columns_cell_fn columns_pod_ready, columns_pod_status, columns_pod_restarts, columns_pod_ip,
    columns_pod_gates;

/* columns_cell.c */
columns_cell_fn columns_age, columns_labels_of_selector, columns_service_ip,
    columns_service_external, columns_service_ports, columns_event_last, columns_event_first,
    columns_event_object, columns_event_source, columns_event_message, columns_event_count,
    columns_node_status, columns_node_roles, columns_node_internal, columns_node_external,
    columns_endpoints, columns_data_count, columns_secret_count, columns_account_count,
    columns_quota_requests, columns_quota_limits;

/* columns_volume.c */
columns_cell_fn columns_claim_status, columns_claim_capacity, columns_claim_modes,
    columns_claim_class, columns_volume_capacity, columns_volume_modes, columns_volume_status,
    columns_volume_claim, columns_volume_class;

#endif
