package check

// All returns every check, by id. Ids are stable: a retired one stays in Retired
// and is never given to another check.
func All() []*Check {
	return []*Check{
		upstreamExists(),
		transportTLS(),
		caValidated(),
		secretsDelivered(),
		newestServes(),
		nameChecked(),
		sniSent(),
		caCurrent(),
		clientCertificate(),
		asIntended(),
		proxyHasRule(),
		connectionsComplete(),
		serverAccepted(),
		updatesAccepted(),
		answersDecoded(),
		inboundMode(),
		clusterUsed(),
		trafficCaptured(),
		gatewayServes(),
		endsFit(),
		endsTrust(),
		endsCounted(),
		workloadIdentity(),
		caObject(),
		configFresh(),
		upstreamPolicy(),
		inboundPolicy(),
	}
}

// Retired lists ids that were used once.
func Retired() []string { return nil }
