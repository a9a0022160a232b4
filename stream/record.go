package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// readRecord reads the record of a run; a run that has not begun has the zero one.
func readRecord(ctx context.Context, js jetstream.JetStream, run string) (runRecord, error) {
	var record runRecord
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := js.KeyValue(ctx, stateBucket(run))
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return record, nil
	}
	if err != nil {
		return record, jetStreamError(err)
	}
	entry, err := kv.Get(ctx, keyRun)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return record, nil
	}
	if err != nil {
		return record, jetStreamError(err)
	}
	if err := json.Unmarshal(entry.Value(), &record); err != nil {
		return record, fault.Permanent(fmt.Errorf("the record of run %s cannot be read: %w", run, err))
	}
	if record.Version != protocolVersion {
		return record, fault.Permanent(fmt.Errorf("run %s speaks protocol %d, this worker %d: use the same version of the program",
			run, record.Version, protocolVersion))
	}
	return record, err
}
