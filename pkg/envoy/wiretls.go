package envoy

import "github.com/go-json-experiment/json/jsontext"

type wireSocket struct {
	Name         string         `json:"name"`
	Typed        jsontext.Value `json:"typed_config"`
	Config       jsontext.Value `json:"config"`
	HiddenConfig jsontext.Value `json:"hidden_envoy_deprecated_config"`
}

// wireAny is the head of a google.protobuf.Any in JSON; Value and TypeURL are
// those of a TypedStruct (xds.type.v3, udpa.type.v1) inside it.
type wireAny struct {
	Type    string         `json:"@type"`
	TypeURL string         `json:"type_url"`
	Value   jsontext.Value `json:"value"`
}

// wireWrapper is any socket around another one.
type wireWrapper struct {
	Inner      jsontext.Value `json:"transport_socket"`
	Upstream   jsontext.Value `json:"upstream_tls_context"`
	Downstream jsontext.Value `json:"downstream_tls_context"`
}

// wireTLS is UpstreamTlsContext and DownstreamTlsContext in one.
type wireTLS struct {
	Common      wireCommonTLS  `json:"common_tls_context"`
	SNI         string         `json:"sni"`
	AutoHostSNI bool           `json:"auto_host_sni"`
	AutoSNISAN  bool           `json:"auto_sni_san_validation"`
	RequireCert bool           `json:"require_client_certificate"`
	Value       jsontext.Value `json:"value"` // a context left in binary form
}

type wireCommonTLS struct {
	Params       jsontext.Value `json:"tls_params"`
	Certs        []wireCert     `json:"tls_certificates"`
	CertSDS      []wireSDS      `json:"tls_certificate_sds_secret_configs"`
	CertProvider wireProvider   `json:"tls_certificate_provider_instance"`
	CertPlugin   wireProvider   `json:"tls_certificate_certificate_provider_instance"`
	CertCustom   wireNamed      `json:"tls_certificate_certificate_provider"`
	CertSelector wireNamed      `json:"custom_tls_certificate_selector"`
	Validation   jsontext.Value `json:"validation_context"`
	ValSDS       *wireSDS       `json:"validation_context_sds_secret_config"`
	ValPlugin    *wireProvider  `json:"validation_context_certificate_provider_instance"`
	ValCustom    *wireNamed     `json:"validation_context_certificate_provider"`
	Combined     *wireCombined  `json:"combined_validation_context"`
	ALPN         []string       `json:"alpn_protocols"`
	Handshaker   wireNamed      `json:"custom_handshaker"`
	KeyLog       struct {
		Path string `json:"path"`
	} `json:"key_log"`
}

type wireCombined struct {
	Default   jsontext.Value `json:"default_validation_context"`
	SDS       *wireSDS       `json:"validation_context_sds_secret_config"`
	ValPlugin *wireProvider  `json:"validation_context_certificate_provider_instance"`
	ValCustom *wireNamed     `json:"validation_context_certificate_provider"`
}

// wireCert has no member for the private key: it is never read.
type wireCert struct {
	Chain  jsontext.Value `json:"certificate_chain"`
	PKCS12 jsontext.Value `json:"pkcs12"`
}

type wireSDS struct {
	Name string `json:"name"`
}

type wireProvider struct {
	Instance    string `json:"instance_name"`
	Certificate string `json:"certificate_name"`
}

// wireValidation holds what the typed message does not: members of the v2 API,
// and the name of a validator whose type we may not know.
type wireValidation struct {
	OldSANs       []string         `json:"verify_subject_alt_name"`
	HiddenOldSANs []string         `json:"hidden_envoy_deprecated_verify_subject_alt_name"`
	SANs          []wireOldMatcher `json:"match_subject_alt_names"`
	Custom        struct {
		Name  string  `json:"name"`
		Typed wireAny `json:"typed_config"`
	} `json:"custom_validator_config"`
}

type wireOldMatcher struct {
	Regex       string `json:"regex"`
	HiddenRegex string `json:"hidden_envoy_deprecated_regex"`
}
