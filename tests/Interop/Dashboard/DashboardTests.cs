namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>One gateway with data, and one browser, for all tests that only look.</summary>
[CollectionDefinition(nameof(DashboardTests))]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "The runner calls it so.")]
public sealed class DashboardTests : ICollectionFixture<FilledGateway>;
