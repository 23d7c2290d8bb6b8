package envoy

import (
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decodeProto reads proto JSON into one of Envoy's own messages. Fields and
// enum values that this version of the message does not have are skipped;
// wrong types and duplicates are errors.
func decodeProto(raw jsontext.Value, m proto.Message) error {
	return protojson.UnmarshalOptions{DiscardUnknown: true, Resolver: resolver{}}.Unmarshal(raw, m)
}

// resolver knows one type inside Any, the SPIFFE validator. Every other type is
// read as an empty message, so that an extension we do not know cannot spoil
// the message around it.
type resolver struct{}

// FindMessageByName implements the resolver of protojson.
func (resolver) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	spiffe := (*tlsv3.SPIFFECertValidatorConfig)(nil).ProtoReflect().Type()
	if name == spiffe.Descriptor().FullName() {
		return spiffe, nil
	}
	return (*corev3.AggregatedConfigSource)(nil).ProtoReflect().Type(), nil
}

// FindMessageByURL implements the resolver of protojson.
func (r resolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	for i := len(url) - 1; i >= 0; i-- {
		if url[i] == '/' {
			url = url[i+1:]
			break
		}
	}
	return r.FindMessageByName(protoreflect.FullName(url))
}

// FindExtensionByName implements the resolver of protojson: none is known.
func (resolver) FindExtensionByName(protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

// FindExtensionByNumber implements the resolver of protojson: none is known.
func (resolver) FindExtensionByNumber(protoreflect.FullName, protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

// wrongPart says where a message has the wrong shape, without its values: a
// value may be a key or a password.
func wrongPart(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return errors.New("wrong type at " + short(string(semantic.JSONPointer)))
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return bareReason(syntactic)
	}
	if errors.Is(err, errNameRules) {
		return errNameRules
	}
	if errors.As(err, &semantic) {
		return errors.New("wrong type")
	}
	return errors.New("it does not fit Envoy's message")
}
