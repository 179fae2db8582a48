package jupyter

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// patience is how long a completion or hover may take. While a cell runs, the
// worker may be late, and a front end would rather have none than a late one;
// else it comes as soon as the machine can.
func (k *Kernel) patience() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running != nil {
		return time.Second
	}
	return 10 * time.Second
}

// byteOffset turns a position in code points into one in bytes. Old clients
// count UTF-16 units; up to the end of the text that makes no difference here.
func byteOffset(code string, points int) int {
	if points < 0 {
		return 0
	}
	off := 0
	for ; points > 0 && off < len(code); points-- {
		_, n := utf8.DecodeRuneInString(code[off:])
		off += n
	}
	return off
}

func (k *Kernel) complete(m *Message) (string, any) {
	var q struct {
		Code string `json:"code"`
		Pos  *int   `json:"cursor_pos"`
	}
	_ = json.Unmarshal(m.Content, &q)
	pos := len(q.Code)
	if q.Pos != nil {
		pos = byteOffset(q.Code, *q.Pos)
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.patience())
	defer cancel()
	c, err := k.backend.Complete(ctx, q.Code, pos)
	if err != nil || c.From < 0 || c.To < c.From || c.To > len(q.Code) {
		c = Completion{From: pos, To: pos}
	}
	matches := c.Matches
	if matches == nil {
		matches = []string{}
	}
	from, to := utf8.RuneCountInString(q.Code[:c.From]), utf8.RuneCountInString(q.Code[:c.To])
	meta := map[string]any{}
	if len(c.Types) == len(matches) && len(matches) > 0 {
		var list []any
		for i, t := range c.Types {
			list = append(list, map[string]any{"text": matches[i], "type": t, "start": from, "end": to})
		}
		meta["_jupyter_types_experimental"] = list
	}
	return "complete_reply", map[string]any{"status": "ok", "matches": matches, "cursor_start": from, "cursor_end": to, "metadata": meta}
}

func (k *Kernel) inspect(m *Message) (string, any) {
	var q struct {
		Code   string `json:"code"`
		Pos    *int   `json:"cursor_pos"`
		Detail int    `json:"detail_level"`
	}
	_ = json.Unmarshal(m.Content, &q)
	pos := len(q.Code)
	if q.Pos != nil {
		pos = byteOffset(q.Code, *q.Pos)
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.patience())
	defer cancel()
	data, err := k.backend.Inspect(ctx, q.Code, pos, q.Detail)
	if err != nil || data == nil {
		data = map[string]any{}
	}
	return "inspect_reply", map[string]any{"status": "ok", "found": len(data) > 0, "data": data, "metadata": map[string]any{}}
}

func (k *Kernel) isComplete(m *Message) (string, any) {
	var q struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(m.Content, &q)
	status, indent := k.backend.IsComplete(q.Code)
	c := map[string]any{"status": status}
	if status == "incomplete" {
		// The console shows a tab as ^I.
		c["indent"] = strings.ReplaceAll(indent, "\t", "    ")
	}
	return "is_complete_reply", c
}
