package notebook

import (
	"html"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// barred elements would act, load, or change the page around an output.
var barred = map[string]bool{
	"script": true, "iframe": true, "frame": true, "frameset": true, "object": true, "embed": true,
	"applet": true, "link": true, "meta": true, "base": true, "noscript": true, "template": true,
	"title": true, "dialog": true, "portal": true,
}

// cleanHTML returns a piece of HTML in which every element is closed, so that
// it cannot change what comes behind it, and nothing acts: scripts, frames,
// event attributes and links to scripts are taken out, pictures that are not in
// the file become links.
func cleanHTML(s string) string {
	div := &xhtml.Node{Type: xhtml.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := xhtml.ParseFragment(strings.NewReader(s), div)
	if err != nil {
		return "<pre class=\"plain\">" + html.EscapeString(s) + "</pre>"
	}
	var b strings.Builder
	for _, n := range nodes {
		if n = cleanNode(n); n != nil {
			if err := xhtml.Render(&b, n); err != nil {
				return "<pre class=\"plain\">" + html.EscapeString(s) + "</pre>"
			}
		}
	}
	return b.String()
}

// cleanNode cleans a tree and returns what stands in its place, nil for nothing.
func cleanNode(n *xhtml.Node) *xhtml.Node {
	switch n.Type {
	case xhtml.TextNode:
		return n
	case xhtml.ElementNode:
	default:
		return nil
	}
	if barred[strings.ToLower(n.Data)] {
		return nil
	}
	keep := n.Attr[:0]
	src, alt := "", ""
	for _, a := range n.Attr {
		key := strings.ToLower(a.Key)
		switch {
		case strings.HasPrefix(key, "on"), key == "srcdoc", key == "autofocus", key == "ping":
			continue
		case key == "href" || key == "src" || key == "action" || key == "formaction" || key == "poster" || key == "background":
			if !safeLink(a.Val) {
				continue
			}
		}
		if key == "src" {
			src = a.Val
		}
		if key == "alt" {
			alt = a.Val
		}
		keep = append(keep, a)
	}
	n.Attr = keep
	if n.DataAtom == atom.Img && !strings.HasPrefix(src, "data:") {
		return pictureLink(src, alt)
	}
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if r := cleanNode(c); r != c {
			if r != nil {
				n.InsertBefore(r, c)
			}
			n.RemoveChild(c)
		}
		c = next
	}
	return n
}

// pictureLink stands where a picture is outside the file.
func pictureLink(src, alt string) *xhtml.Node {
	if alt == "" {
		alt = src
	}
	t := &xhtml.Node{Type: xhtml.TextNode, Data: "[picture: " + alt + "]"}
	if src == "" {
		return t
	}
	a := &xhtml.Node{Type: xhtml.ElementNode, Data: "a", DataAtom: atom.A, Attr: []xhtml.Attribute{{Key: "href", Val: src}}}
	a.AppendChild(t)
	return a
}

// safeLink tells whether an address can be followed without running anything.
func safeLink(s string) bool {
	s = strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1 // browsers ignore them too
		}
		return r
	}, s))
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch scheme {
	case "http", "https", "mailto", "ftp", "doi":
		return true
	case "data":
		for _, mime := range []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"} {
			if strings.HasPrefix(s, "data:"+mime) {
				return true
			}
		}
	}
	return false
}
