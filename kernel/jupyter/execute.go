package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

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

// executeAll runs the queued execute requests, one after the other, until the
// kernel ends.
func (k *Kernel) executeAll() {
	for {
		select {
		case <-k.wake:
		case <-k.ended:
			return
		}
		for {
			k.mu.Lock()
			if len(k.queue) == 0 || k.stopped {
				k.mu.Unlock()
				break
			}
			r := k.queue[0]
			k.queue = k.queue[1:]
			k.running = r.m
			k.mu.Unlock()
			k.guard(r.m, func() { k.execute(r) })
			k.finished(r)
		}
	}
}

// finished says once that a request is no longer running.
func (k *Kernel) finished(r request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running != nil {
		k.running, k.inputFor = nil, ""
		k.status(r.m, "idle")
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
	malformed := json.Unmarshal(r.m.Content, &q)
	store := orTrue(q.StoreHistory) && !q.Silent && malformed == nil
	k.mu.Lock()
	if store {
		k.count++
	}
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
	content := map[string]any{"status": "ok", "execution_count": count, "payload": []any{}, "user_expressions": map[string]any{}}
	var ce *session.Error
	if malformed != nil {
		ce = &session.Error{Name: "ProtocolError", Message: "execute_request: " + malformed.Error()}
		ce.Traceback = []string{ce.Message}
	} else if page := k.page(ctx, q.Code); page != nil {
		content["payload"] = []any{page}
	} else {
		ce = k.eval(ctx, r, count, q)
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
		content["user_expressions"] = k.expressions(ctx, r, count, q)
	}
	var aborted []request
	if ce != nil && orTrue(q.StopOnError) {
		// What was sent together with the request has arrived by then.
		time.Sleep(settle)
		aborted = k.takeQueue()
	}
	r.to(k.message(r.m, "execute_reply", content))
	k.finished(r)
	k.abort(aborted)
}

// settle is how long the rest of a client's burst of requests may take.
const settle = 20 * time.Millisecond

// eval runs the code of a request.
func (k *Kernel) eval(ctx context.Context, r request, count int, q executeRequest) *session.Error {
	err := k.backend.Eval(ctx, max(count, 1), q.Code, func(e session.Event) { k.event(r, e, count, q.Silent, orTrue(q.AllowStdin)) })
	var ce *session.Error
	if err != nil && !errors.As(err, &ce) {
		ce = &session.Error{Name: "KernelError", Message: err.Error(), Traceback: []string{err.Error()}}
	}
	return ce
}

// page answers a cell that asks about a name, ?name or name?, with a page for
// the front end's pager; nil if it does not, or nothing is known of the name.
func (k *Kernel) page(ctx context.Context, code string) map[string]any {
	name := strings.TrimSpace(code)
	if strings.ContainsAny(name, "\n\"`'") || strings.HasPrefix(name, "//") {
		return nil
	}
	trimmed := strings.TrimSpace(strings.Trim(name, "?"))
	if trimmed == name || trimmed == "" {
		return nil
	}
	data, err := k.backend.Inspect(ctx, trimmed, len(trimmed), 1)
	if err != nil || len(data) == 0 {
		return nil
	}
	return map[string]any{"source": "page", "data": data, "start": 0}
}

// event publishes one piece of a cell's output. Output that comes after its
// cell belongs to that cell as long as no other runs.
func (k *Kernel) event(r request, e session.Event, count int, silent, allowStdin bool) {
	parent := r.m
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
		k.publish(parent, typ, withData(e.Data, map[string]any{"metadata": bundle(e.Metadata), "transient": transient}))
	case session.Result:
		if silent {
			return
		}
		k.publish(parent, "execute_result", withData(e.Data, map[string]any{"metadata": bundle(e.Metadata), "execution_count": count}))
	case session.Clear:
		k.publish(parent, "clear_output", map[string]any{"wait": e.Wait})
	case session.Failure:
		k.publish(parent, "stream", map[string]any{"name": "stderr", "text": joinLines(e.Err.Traceback)})
	case session.Input:
		// The callback must not wait for the worker that waits for it.
		go k.ask(r, e, allowStdin)
	}
}

// ask passes a cell's question on to the client that sent the cell, and no
// answer to the cell if the client takes no questions, or has gone or goes.
func (k *Kernel) ask(r request, e session.Event, allowStdin bool) {
	if allowStdin {
		k.mu.Lock()
		k.inputFor = r.from
		k.asked++
		question := k.asked
		k.mu.Unlock()
		m := k.message(r.m, "input_request", map[string]any{"prompt": e.Prompt, "password": e.Password})
		m.Identities = r.m.Identities
		frames, err := k.sign.encode(m)
		sent := false
		// A client's stdin may connect a little later than its shell.
		for absent := 0; err == nil && absent < 20; {
			if !sent {
				sent = k.stdin.Send(r.from, frames)
			}
			if k.stdin.Connected(r.from) {
				absent = 0
			} else {
				absent++
			}
			select {
			case <-k.ended:
				return
			case <-time.After(50 * time.Millisecond):
			}
			k.mu.Lock()
			open := k.inputFor == r.from && k.asked == question
			k.mu.Unlock()
			if !open {
				return
			}
		}
		k.mu.Lock()
		k.inputFor = ""
		k.mu.Unlock()
	}
	k.backend.Input("", false)
}

func joinLines(lines []string) string {
	s := ""
	for _, l := range lines {
		s += l + "\n"
	}
	return s
}

// expressions evaluates the user expressions of a request. What they print is
// the request's output.
func (k *Kernel) expressions(ctx context.Context, r request, count int, q executeRequest) map[string]any {
	out := map[string]any{}
	for name, code := range q.Expressions {
		res := map[string]any{"status": "ok", "data": map[string]any{}, "metadata": map[string]any{}}
		err := k.backend.Eval(ctx, max(count, 1), code, func(e session.Event) {
			if e.Kind == session.Result {
				res = map[string]any{"status": "ok", "data": bundle(e.Data), "metadata": bundle(e.Metadata)}
			} else {
				k.event(r, e, count, q.Silent, orTrue(q.AllowStdin))
			}
		})
		var ce *session.Error
		switch {
		case errors.As(err, &ce):
			res = map[string]any{"status": "error", "ename": ce.Name, "evalue": ce.Message, "traceback": ce.Traceback}
		case err != nil:
			res = map[string]any{"status": "error", "ename": "KernelError", "evalue": err.Error(), "traceback": []string{err.Error()}}
		}
		out[name] = res
	}
	return out
}

// written is content that is JSON already.
type written []byte

// withData adds the data of a display to content; json.Marshal would read and
// write a picture of many megabytes anew.
func withData(data json.RawMessage, content map[string]any) written {
	rest, err := json.Marshal(content)
	if err != nil {
		rest = []byte("{}")
	}
	out := make([]byte, 0, len(rest)+len(data)+16)
	out = append(append(out, `{"data":`...), bundle(data)...)
	if len(rest) > 2 {
		out = append(out, ',')
	}
	return append(out, rest[1:]...)
}

// bundle is a MIME bundle, never null.
func bundle(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}
