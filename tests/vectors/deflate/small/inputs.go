package main

type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state = r.state*6364136223846793005 + 1442695040888963407
	return r.state >> 33
}

// words is text of n bytes from 4096 words, frequent and rare ones.
func words(r *random, n int) []byte {
	var out []byte
	for len(out) < n {
		word := r.next() & r.next() & 4095
		for length := 2 + word%9; length > 0; length-- {
			out = append(out, byte('a'+(word*7+length*11)%26))
		}
		out = append(out, ' ')
	}
	return out[:n]
}

// noise is n bytes without order.
func noise(r *random, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.next())
	}
	return out
}

// skewed is n bytes of which the small ones are frequent.
func skewed(r *random, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.next() & r.next() & r.next())
	}
	return out
}

// mixed is text, noise, runs and copies of what came before.
func mixed(r *random, n int) []byte {
	var out []byte
	for len(out) < n {
		length := int(r.next()%6000) + 1
		switch r.next() % 5 {
		case 0:
			out = append(out, noise(r, length/4)...)
		case 1:
			out = append(out, make([]byte, length)...)
		case 2:
			from := int(r.next()) % (len(out) + 1)
			out = append(out, out[from:min(from+length, len(out))]...)
		case 3:
			out = append(out, skewed(r, length)...)
		default:
			out = append(out, words(r, length)...)
		}
	}
	return out[:n]
}

// inputs are what the vectors are made of; the tests make the same.
func inputs() [][]byte {
	r := &random{1}
	all := [][]byte{nil}
	for _, n := range []int{1, 12, 13, 16, 17, 32, 33, 127, 128, 1000} {
		all = append(all, words(r, n))
	}
	return append(all, words(r, 80000), noise(r, 34000), skewed(r, 67000), mixed(r, 170000))
}
