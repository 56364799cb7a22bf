using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

internal static class NameServerKit
{
    public static RouteTable Table(ManualClock clock, NameServerOptions? options = null, LiveSettings? settings = null) =>
        new(Options.Create(options ?? new NameServerOptions()), settings ?? Settings(options), clock, NullLogger<RouteTable>.Instance);

    public static LiveSettings Settings(NameServerOptions? options = null) =>
        new(Options.Create(options ?? new NameServerOptions()), NullLogger<LiveSettings>.Instance);

    public static ConfigTable Config(NameServerOptions? options = null) =>
        new(Options.Create(options ?? new NameServerOptions()), NullLogger<ConfigTable>.Instance);

    /// <summary>A registration of two topics at least: one alone is a change of what was registered before.</summary>
    public static BrokerRegistration Registered(string name, long id, string address, long version, params string[] topics) =>
        new("cluster", name, id, address, address + "0", null, null, null, Topics(version, topics.Length == 1 ? [.. topics, "self"] : topics));

    public static TopicConfigTable Topics(long version, params string[] topics) => new()
    {
        Version = new DataVersion { Counter = version },
        Topics = topics.ToDictionary(topic => topic, topic => new TopicConfigData { TopicName = topic, ReadQueues = 4, WriteQueues = 4 }),
    };
}
