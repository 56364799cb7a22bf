namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>Fronts are siblings over the bridge; bridges are siblings over their broker.</summary>
public sealed class GatewayFolders
{
    [Theory]
    [InlineData("Mqtt")]
    [InlineData("Http")]
    public void A_front_knows_the_bridge_and_its_own_folder_only(string front)
        => AssertOnly($"src/Gateway/{front}", "ProtoBridgeMQ.Bridge", $"ProtoBridgeMQ.Gateway.{front}");

    /// <summary>It is a client of the REST interface that happens to be served by the same binary.</summary>
    [Fact]
    public void The_dashboard_knows_nothing_of_ours()
        => AssertOnly("src/Gateway/Dashboard", "ProtoBridgeMQ.Gateway.Dashboard");

    [Fact]
    public void The_embedded_bridge_knows_the_bridge_the_broker_core_and_the_message_record()
        => AssertOnly("src/Gateway/Embedded", "ProtoBridgeMQ.Bridge", "ProtoBridgeMQ.Gateway.Embedded",
            "ProtoBridgeMQ.Broker", "ProtoBridgeMQ.Store", "ProtoBridgeMQ.Remoting.Messages");

    [Fact]
    public void The_embedded_bridge_knows_no_wire_handler()
        => Assert.Empty(Named("src/Gateway/Embedded").Where(pair => pair.Name.StartsWith("ProtoBridgeMQ.Broker.Handlers", StringComparison.Ordinal)));

    [Fact]
    public void The_cluster_bridge_knows_the_bridge_the_client_and_what_its_answers_carry()
        => AssertOnly("src/Gateway/Cluster", "ProtoBridgeMQ.Bridge", "ProtoBridgeMQ.Gateway.Cluster",
            "ProtoBridgeMQ.Client", "ProtoBridgeMQ.Remoting.Messages", "ProtoBridgeMQ.Remoting.Protocol");

    [Fact]
    public void The_broker_knows_of_the_bridge_how_names_are_mapped_and_in_its_filter_queues_only()
    {
        Assert.Empty(Named("src/Broker").Where(pair =>
            pair.Name.StartsWith("ProtoBridgeMQ.Bridge", StringComparison.Ordinal)
            && (!pair.File.StartsWith("src/Broker/FilterQueues/", StringComparison.Ordinal)
                || pair.Name is not ("ProtoBridgeMQ.Bridge.Mapping" or "ProtoBridgeMQ.Bridge.Messages"))));
    }

    [Fact]
    public void The_broker_core_knows_no_wire_header()
        => Assert.Empty(Named("src/Broker/Core").Where(pair =>
            pair.Name.StartsWith("ProtoBridgeMQ.Remoting", StringComparison.Ordinal)
            && !pair.Name.StartsWith("ProtoBridgeMQ.Remoting.Messages", StringComparison.Ordinal)));

    private static void AssertOnly(string folder, params string[] allowed)
        => Assert.Empty(Named(folder).Where(pair => !allowed.Any(prefix =>
            pair.Name == prefix || pair.Name.StartsWith(prefix + ".", StringComparison.Ordinal))));

    private static IEnumerable<(string File, string Name)> Named(string folder)
        => Repository.Sources(folder).SelectMany(file => Usings.Of(file).Select(name => (Repository.Relative(file), name)));
}
