package intent

import (
	"fmt"
	"slices"
	"strings"
)

// startTLS are protocols that begin in plain text and switch to TLS in the middle, or
// negotiate it. A sidecar starts TLS with the first byte, so the server would see a
// ClientHello where it expects its own greeting. instead is what does work.
var startTLS = []lateTLS{
	{"FTP", []int{21}, []string{"FTP"}, "use the server's port for TLS from the first byte (990)"},
	{"SMTP", []int{25}, []string{"SMTP"}, "between mail servers the mail server itself must do STARTTLS"},
	{"SMTP submission", []int{587}, []string{"SUBMISSION"}, "use the server's port for TLS from the first byte (465)"},
	{"POP3", []int{110}, []string{"POP3"}, "use the server's port for TLS from the first byte (995)"},
	{"IMAP", []int{143}, []string{"IMAP"}, "use the server's port for TLS from the first byte (993)"},
	{"LDAP", []int{389}, []string{"LDAP"}, "use the server's port for TLS from the first byte (636)"},
	{"SQL Server", []int{1433}, []string{"MSSQL", "SQLSERVER", "TDS"}, "let the application use its own TLS (Encrypt=true)"},
	{"MySQL", []int{3306}, []string{"MYSQL", "MARIADB"}, "let the application use its own TLS (ssl-mode=VERIFY_IDENTITY)"},
	{"PostgreSQL", []int{5432}, []string{"POSTGRES", "POSTGRESQL"}, "let the application use its own TLS (sslmode=verify-full)"},
	{"MySQL X", []int{33060}, []string{"MYSQLX"}, "let the application use its own TLS (ssl-mode=VERIFY_IDENTITY)"},
}

type lateTLS struct {
	name    string
	ports   []int
	words   []string // of --protocol
	instead string
}

func (l lateTLS) why() string {
	return fmt.Sprintf("it starts TLS inside its own protocol, and a sidecar starts TLS with the first byte, which such a server refuses: %s; "+
		"or, if this server takes TLS from the first byte (a TLS proxy in front of it does), say so with --protocol tcp", l.instead)
}

// refuseStartTLS is the error for a port or, where port is 0, for a word of --protocol;
// nil when the sidecar can start TLS.
func refuseStartTLS(port int, word string) error {
	for _, s := range startTLS {
		if slices.Contains(s.words, word) {
			return fmt.Errorf("protocol %s: %s", strings.ToLower(word), s.why())
		}
		if slices.Contains(s.ports, port) {
			return fmt.Errorf("port %d is %s: %s", port, s.name, s.why())
		}
	}
	return nil
}

// StartTLSName gives the protocol that the port usually has, where that protocol starts
// TLS inside itself; "" for other ports.
func StartTLSName(port int) string {
	for _, s := range startTLS {
		if slices.Contains(s.ports, port) {
			return s.name
		}
	}
	return ""
}
