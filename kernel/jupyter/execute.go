package jupyter

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spindle-lab/spindle/kernel/session"
)

type executeRequest struct {
	Code         string            `json:"code"`
	Silent       bool              `json:"silent"`
	StoreHistory *bool             `json:"store_history"`
	Expressions  map[string]string `json:"user_expressions"`
	AllowStdin   *bool             `json:"allow_stdin"`
	StopOnError  *bool             `json:"stop_on_error"`
}

func orTrue(b *bool) bool { return b == nil || *b }

// executeAll runs the queued execute requests, one after the other.
func (k *Kernel) executeAll() {
	for range k.wake {
		for {
			k.mu.Lock()
			if len(k.queue) == 0 || k.stopped {
				k.mu.Unlock()
				break
			}
			r := k.queue[0]
			k.queue = k.queue[1:]
			k.running, k.late = r.m, r.m
			k.mu.Unlock()
			k.guard(r.m, func() { k.execute(r) })
			k.mu.Lock()
			k.running = nil
			k.mu.Unlock()
		}
	}
}

// takeQueue empties the queue: what the client sent before it could know that
// the running cell would fail.
func (k *Kernel) takeQueue() []request {
	k.mu.Lock()
	defer k.mu.Unlock()
	queue := k.queue
	k.queue = nil
	return queue
}

// abort answers requests that are not run.
func (k *Kernel) abort(queue []request) {
	for _, r := range queue {
		k.status(r.m, "busy")
		k.mu.Lock()
		n := k.count
		k.mu.Unlock()
		r.to(k.message(r.m, "execute_reply", map[string]any{"status": "aborted", "execution_count": n, "user_expressions": map[string]any{}, "payload": []any{}}))
		k.status(r.m, "idle")
	}
}

// execute runs one request. If it fails, what waits behind it is aborted.
func (k *Kernel) execute(r request) {
	var q executeRequest
	if err := json.Unmarshal(r.m.Content, &q); err != nil {
		k.log.Printf("jupyter: execute_request: %v", err)
	}
	store := orTrue(q.StoreHistory) && !q.Silent
	k.mu.Lock()
	if store {
		k.count++
	}
	n := max(k.count, 1)
	count := k.count
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.mu.Unlock()
	defer cancel()
	k.status(r.m, "busy")
	if !q.Silent {
		k.publish(r.m, "execute_input", map[string]any{"code": q.Code, "execution_count": count})
	}
	if store {
		k.hist.Add(count, q.Code)
	}
	err := k.backend.Eval(ctx, n, q.Code, func(e session.Event) { k.event(r, e, count, q.Silent, orTrue(q.AllowStdin)) })
	content := map[string]any{"status": "ok", "execution_count": count, "payload": []any{}, "user_expressions": map[string]any{}}
	var ce *session.Error
	if err != nil && !errors.As(err, &ce) {
		ce = &session.Error{Name: "KernelError", Message: err.Error(), Traceback: []string{err.Error()}}
	}
	if ce != nil {
		trace := ce.Traceback
		if trace == nil {
			trace = []string{}
		}
		if !q.Silent {
			k.publish(r.m, "error", map[string]any{"ename": ce.Name, "evalue": ce.Message, "traceback": trace})
		}
		content["status"], content["ename"], content["evalue"], content["traceback"] = "error", ce.Name, ce.Message, trace
		delete(content, "user_expressions")
		delete(content, "payload")
	} else if len(q.Expressions) > 0 {
		content["user_expressions"] = k.expressions(ctx, n, q.Expressions)
	}
	var aborted []request
	if ce != nil && orTrue(q.StopOnError) {
		aborted = k.takeQueue()
	}
	r.to(k.message(r.m, "execute_reply", content))
	k.status(r.m, "idle")
	k.abort(aborted)
}

// event publishes one piece of a cell's output. Output that comes after its
// cell belongs to that cell as long as no other runs.
func (k *Kernel) event(r request, e session.Event, count int, silent, allowStdin bool) {
	parent := r.m
	bundle := func(raw json.RawMessage) json.RawMessage {
		if len(raw) == 0 {
			return json.RawMessage("{}")
		}
		return raw
	}
	switch e.Kind {
	case session.Stream:
		k.publish(parent, "stream", map[string]any{"name": e.Name, "text": e.Text})
	case session.Display:
		transient := map[string]any{}
		typ := "display_data"
		if e.DisplayID != "" {
			transient["display_id"] = e.DisplayID
			if e.Update {
				typ = "update_display_data"
			}
		}
		k.publish(parent, typ, map[string]any{"data": bundle(e.Data), "metadata": bundle(e.Metadata), "transient": transient})
	case session.Result:
		if silent {
			return
		}
		k.publish(parent, "execute_result", map[string]any{"data": bundle(e.Data), "metadata": bundle(e.Metadata), "execution_count": count})
	case session.Clear:
		k.publish(parent, "clear_output", map[string]any{"wait": e.Wait})
	case session.Failure:
		k.publish(parent, "stream", map[string]any{"name": "stderr", "text": joinLines(e.Err.Traceback)})
	case session.Input:
		if !allowStdin {
			// The callback must not wait for the worker that waits for it.
			go k.backend.Input("", false)
			return
		}
		k.mu.Lock()
		k.inputFor = r.m.Header.ID
		k.mu.Unlock()
		m := k.message(parent, "input_request", map[string]any{"prompt": e.Prompt, "password": e.Password})
		m.Identities = r.m.Identities
		if frames, err := k.sign.encode(m); err == nil {
			k.stdin.Send(r.from, frames)
		}
	}
}

func joinLines(lines []string) string {
	s := ""
	for _, l := range lines {
		s += l + "\n"
	}
	return s
}

// expressions evaluates the user expressions of a request.
func (k *Kernel) expressions(ctx context.Context, n int, list map[string]string) map[string]any {
	out := map[string]any{}
	for name, code := range list {
		var res map[string]any
		err := k.backend.Eval(ctx, n, code, func(e session.Event) {
			if e.Kind == session.Result {
				res = map[string]any{"status": "ok", "data": e.Data, "metadata": e.Metadata}
			}
		})
		var ce *session.Error
		switch {
		case errors.As(err, &ce):
			res = map[string]any{"status": "error", "ename": ce.Name, "evalue": ce.Message, "traceback": ce.Traceback}
		case err != nil:
			res = map[string]any{"status": "error", "ename": "KernelError", "evalue": err.Error(), "traceback": []string{err.Error()}}
		case res == nil:
			res = map[string]any{"status": "ok", "data": map[string]any{}, "metadata": map[string]any{}}
		}
		out[name] = res
	}
	return out
}
