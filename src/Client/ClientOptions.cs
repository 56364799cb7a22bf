using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting.Access;

namespace ProtoBridgeMQ.Client;

/// <summary>Where the cluster is, and the times and limits of everything that talks to it.</summary>
/// <remarks>Set before it is handed over; later changes have no effect or an undefined one.</remarks>
public sealed class ClientOptions
{
    /// <summary>Name servers as <c>host:port;host:port</c>. Default <c>127.0.0.1:9876</c>. They are asked in turn until one answers.</summary>
    public string NameServers { get; set; } = "127.0.0.1:9876";

    /// <summary>
    /// Tells the clients of one host apart, and names the files of broadcast offsets; null makes one of the process
    /// id and a counter. Two clients of one group must not share it: the group would see one member.
    /// </summary>
    public string? InstanceName { get; set; }

    /// <summary>How long a request other than a send or a pull may take. Default 3 seconds.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long connecting may take. Default 3 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often brokers hear that this client lives. Default 30 seconds; they forget it after 120.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the routes of the topics in use are asked for again. Default 30 seconds.</summary>
    public TimeSpan RouteRefreshInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a topic that is subscribed and does not exist is looked for, and queues that could not be shared out are tried again. Default 1 second.</summary>
    public TimeSpan MissingTopicInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Topics whose routes are kept; the one not used for longest makes room. Default 10,000.</summary>
    public int MaxTopics { get; set; } = 10_000;

    /// <summary>Requests of one connection that may wait for their answers; one more fails as <see cref="ClientBusyException"/>. Default 4,096.</summary>
    public int MaxPendingRequests { get; set; } = 4096;

    /// <summary>Requests that may wait for their replies (<see cref="Producer.RequestAsync"/>); one more fails as <see cref="ClientBusyException"/>. Default 4,096.</summary>
    public int MaxPendingReplies { get; set; } = 4096;

    /// <summary>
    /// Whether what is sent and handled is written to RocketMQ's message trace, as messages of <see cref="TraceTopic"/> that RocketMQ's tools
    /// read. Default false.
    /// </summary>
    public bool Trace { get; set; }

    /// <summary>The topic of the message trace. Default <c>RMQ_SYS_TRACE_TOPIC</c>.</summary>
    public string TraceTopic { get; set; } = "RMQ_SYS_TRACE_TOPIC";

    /// <summary>Largest message body in bytes, sent or received, unpacked. Default 4 MiB.</summary>
    public int MaxBodySize { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// Turns an address that a name server or broker advertises (<c>host:port</c>) into the one to connect to, for
    /// clients on the other side of a port mapping. Called from any thread; must be fast. Null: addresses as they are.
    /// </summary>
    public Func<string, string>? AddressMap { get; set; }

    /// <summary>
    /// The access key of RocketMQ's access control, with which every request is signed (HMAC-SHA1). Null, the default, signs nothing.
    /// </summary>
    public string? AccessKey { get; set; }

    /// <summary>The secret of the <see cref="AccessKey"/>; it signs and is never sent.</summary>
    public string? SecretKey { get; set; }

    /// <summary>The token of a temporary <see cref="AccessKey"/>. Default none.</summary>
    public string? SecurityToken { get; set; }

    /// <summary>
    /// Whether requests have RocketMQ's binary headers, which both sides read and write faster than JSON. Brokers of every version
    /// since 4.0 take both; false is for something in between that takes JSON alone. Default true.
    /// </summary>
    public bool BinaryHeaders { get; set; } = true;

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where logs go. Default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Looks whether the options are possible, as what they are made for does.</summary>
    /// <exception cref="ArgumentException">One is not: the message names it.</exception>
    public void Check() => Validate();

    internal void Validate()
    {
        Require(!string.IsNullOrWhiteSpace(NameServers), nameof(NameServers), "is empty: write host:port, several separated by semicolons");
        foreach (string address in NameServerAddresses())
        {
            int colon = address.LastIndexOf(':');
            Require(
                colon > 0 && int.TryParse(address.AsSpan(colon + 1), out int port) && port is > 0 and <= 65535,
                nameof(NameServers),
                $"has '{address}', which is not host:port");
        }

        Positive(RequestTimeout, nameof(RequestTimeout));
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(HeartbeatInterval, nameof(HeartbeatInterval));
        Positive(RouteRefreshInterval, nameof(RouteRefreshInterval));
        Positive(MissingTopicInterval, nameof(MissingTopicInterval));
        Require(MaxTopics > 0, nameof(MaxTopics), "must be at least 1");
        Require(MaxPendingRequests > 0, nameof(MaxPendingRequests), "must be at least 1");
        Require(MaxPendingReplies > 0, nameof(MaxPendingReplies), "must be at least 1");
        Require(!string.IsNullOrEmpty(TraceTopic), nameof(TraceTopic), "is empty");
        Require(string.IsNullOrEmpty(AccessKey) == string.IsNullOrEmpty(SecretKey), nameof(SecretKey), "and AccessKey belong together: set both, or none");
        Require(string.IsNullOrEmpty(SecurityToken) || !string.IsNullOrEmpty(AccessKey), nameof(SecurityToken), "needs AccessKey and SecretKey");
        Require(TimeProvider is not null, nameof(TimeProvider), "is null: leave it out for the system's clock");
        Require(LoggerFactory is not null, nameof(LoggerFactory), "is null: leave it out for no logs");
        Require(MaxBodySize > 0, nameof(MaxBodySize), "must be at least 1 byte");
        Require(
            InstanceName is null || (InstanceName.Length is > 0 and <= 120 && InstanceName.AsSpan().IndexOfAny('@', '/', '\\') < 0),
            nameof(InstanceName),
            "must have 1 to 120 characters and no @, / or \\");
    }

    internal string[] NameServerAddresses()
        => NameServers.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    internal AccessCredentials? Credentials()
        => string.IsNullOrEmpty(AccessKey) ? null : new AccessCredentials(AccessKey, SecretKey!, string.IsNullOrEmpty(SecurityToken) ? null : SecurityToken);

    internal static void Positive(TimeSpan value, string name)
        => Require(value > TimeSpan.Zero && value < TimeSpan.FromDays(40), name, $"is {value}, and must be longer than zero and shorter than 40 days");

    internal static void Require(bool condition, string name, string what)
    {
        if (!condition)
        {
            throw new ArgumentException($"Option {name} {what}.", name);
        }
    }
}
