package figure

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf16"
)

var (
	pdfStart = regexp.MustCompile(`startxref\s+(\d+)`)
	pdfSize  = regexp.MustCompile(`/Size (\d+)`)
	pdfRoot  = regexp.MustCompile(`/Root (\d+ \d+ R)`)
	pdfDate  = regexp.MustCompile(`\(D:\d{14}`)
)

// pdfWithInfo appends an incremental update (PDF 1.3, section 7.5.6 of ISO
// 32000-1) that gives the document an information dictionary of ours. The time
// of writing is taken out, so that the same figure has the same bytes.
func pdfWithInfo(pdf []byte, meta map[string]string) []byte {
	pdf = pdfDate.ReplaceAll(pdf, []byte("(D:20000101000000"))
	starts := pdfStart.FindAllSubmatch(pdf, -1)
	size, root := pdfSize.FindSubmatch(pdf), pdfRoot.FindSubmatch(pdf)
	if len(starts) == 0 || size == nil || root == nil {
		panic("figure: vgpdf wrote a document without a trailer")
	}
	number, err := strconv.Atoi(string(size[1]))
	if err != nil {
		panic("figure: " + err.Error())
	}
	var b bytes.Buffer
	b.Write(pdf)
	if !bytes.HasSuffix(pdf, []byte("\n")) {
		b.WriteByte('\n')
	}
	object := b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n<<\n", number)
	for _, k := range sortedKeys(meta) {
		key := k
		switch k {
		case "Description":
			key = "Subject"
		case "Software":
			key = "Creator"
		}
		fmt.Fprintf(&b, "/%s %s\n", pdfName(key), pdfText(meta[k]))
	}
	b.WriteString(">>\nendobj\n")
	table := b.Len()
	fmt.Fprintf(&b, "xref\n%d 1\n%010d 00000 n \n", number, object)
	fmt.Fprintf(&b, "trailer\n<<\n/Size %d\n/Root %s\n/Info %d 0 R\n/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n",
		number+1, root[1], number, starts[len(starts)-1][1], table)
	return b.Bytes()
}

// pdfName writes a name; what is not a letter or digit is escaped.
func pdfName(s string) string {
	var b bytes.Buffer
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "#%02X", c)
	}
	return b.String()
}

// pdfText writes a text string as UTF-16 in hex, which holds every character.
func pdfText(s string) string {
	var b bytes.Buffer
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}
