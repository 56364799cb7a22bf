using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>The limits of the MQTT front. Every queue, table and wait of the front is bounded by one of these.</summary>
public sealed class MqttOptions
{
    /// <summary>Network connections at one time; one more is closed at once.</summary>
    [Range(1, 10_000_000)]
    public int MaximumConnections { get; set; } = 100_000;

    /// <summary>Largest packet taken from a client, fixed header included; announced to MQTT 5 clients.</summary>
    [Range(1024, 268_435_460)]
    public int MaximumPacketSize { get; set; } = 1 << 20;

    /// <summary>Largest CONNECT: until a client has a name it gets less memory.</summary>
    [Range(1024, 268_435_460)]
    public int MaximumConnectSize { get; set; } = 64 << 10;

    /// <summary>How long a new connection may take until its CONNECT is complete.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest keep-alive a client may choose; longer ones are shortened (MQTT 5: Server Keep Alive). 0 in
    /// a CONNECT counts as longer than this only when <see cref="RequireKeepAlive"/> is set.</summary>
    [Range(1, 65_535)]
    public int MaximumKeepAliveSeconds { get; set; } = 65_535;

    /// <summary>Whether an MQTT 5 client that asks for no keep-alive is given the maximum.</summary>
    public bool RequireKeepAlive { get; set; }

    /// <summary>How long a client may leave its socket unread while there is something to write.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often deadlines are looked at; they are kept to within this.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan DeadlineResolution { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>PUBLISHes of one connection that may be on their way to the log; announced to MQTT 5 clients.</summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; set; } = 1024;

    /// <summary>Bytes of PUBLISHes of one connection that may be on their way to the log; at the limit reading stops.</summary>
    [Range(1024, int.MaxValue)]
    public int InflightBytes { get; set; } = 4 << 20;

    /// <summary>QoS 1 deliveries of one connection that may wait for their PUBACK; a client may ask for fewer.</summary>
    [Range(1, 65_535)]
    public int DeliveryWindow { get; set; } = 1024;

    /// <summary>Deliveries that may wait in one connection's queue.</summary>
    [Range(1, 10_000_000)]
    public int QueuedMessages { get; set; } = 100_000;

    /// <summary>Bytes that may wait in one connection's queue.</summary>
    [Range(1024, long.MaxValue)]
    public long QueuedBytes { get; set; } = 16 << 20;

    /// <summary>Subscriptions of one session; one more is refused in the SUBACK.</summary>
    [Range(1, 1_000_000)]
    public int SubscriptionsPerSession { get; set; } = 1000;

    /// <summary>Levels of a topic name or filter.</summary>
    [Range(1, 65_535)]
    public int TopicLevels { get; set; } = 128;

    /// <summary>Topic aliases that an MQTT 5 client may set; 0 for none.</summary>
    [Range(0, 65_535)]
    public int TopicAliasMaximum { get; set; } = 32;

    /// <summary>How long a session may outlive its connection, at most; longer wishes, for ever among them, become this.
    /// Zero: no session outlives its connection.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "49710.00:00:00")]
    public TimeSpan MaximumSessionExpiry { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Sessions that outlive their connections, connected or not; one more is refused in the CONNACK.</summary>
    [Range(1, 100_000_000)]
    public int MaximumSessions { get; set; } = 1_000_000;

    /// <summary>Messages of one filter that a session may be behind when its client comes back; older ones are left out and counted.</summary>
    [Range(1, 1_000_000_000)]
    public long MaximumBacklog { get; set; } = 1_000_000;

    /// <summary>Whether what was published at QoS 0 while the client was away is delivered when it comes back.</summary>
    public bool QueueQos0 { get; set; }

    /// <summary>How often progress of sessions is saved; after a crash QoS 1 messages of so long may come again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan SessionSaveInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Messages of one session after which its progress is saved earlier.</summary>
    [Range(1, 1_000_000)]
    public int SessionSaveCount { get; set; } = 1000;

    /// <summary>How often sessions whose time is over are looked for; none of them is resumed meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan SessionSweepInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a client that comes from another gateway of the cluster waits for that one to save its session; after it
    /// the session goes on from what was saved before.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan TakeOverWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Wills that may wait for their delay; one more is published without waiting.</summary>
    [Range(0, 100_000_000)]
    public int PendingWills { get; set; } = 100_000;

    /// <summary>How long to wait before a will that could not be published is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan WillRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Origins of web pages that may connect by WebSocket, separated by semicolons, beside the gateway's own; <c>*</c> for all.</summary>
    public string WebSocketOrigins { get; set; } = string.Empty;

    /// <summary>PUBLISHes a second of one connection; 0 for no limit. Above it MQTT 5 is refused (0x97, at QoS 0 0x96),
    /// and of older clients reading stops.</summary>
    [Range(0, 10_000_000)]
    public int PublishRate { get; set; }

    /// <summary>Bytes of PUBLISHes a second of one connection; 0 for no limit.</summary>
    [Range(0, int.MaxValue)]
    public int PublishByteRate { get; set; }

    /// <summary>CONNECTs a second of all clients; 0 for no limit. Above it they are refused, 0x9F.</summary>
    [Range(0, 10_000_000)]
    public int ConnectRate { get; set; }

    /// <summary>CONNECTs a second of one address; 0 for no limit.</summary>
    [Range(0, 10_000_000)]
    public int ConnectRatePerAddress { get; set; }

    /// <summary>Addresses whose CONNECTs are counted at one time; when all of them are busy, a new one is refused.</summary>
    [Range(1, 10_000_000)]
    public int TrackedAddresses { get; set; } = 100_000;

    /// <summary>How much of a rate may come at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan RateBurst { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Connections of one user; 0 for no limit. One more is refused, 0x97.</summary>
    [Range(0, 10_000_000)]
    public int ConnectionsPerUser { get; set; }

    /// <summary>Connections of one address; 0 for no limit. One more is refused, 0x97.</summary>
    [Range(0, 10_000_000)]
    public int ConnectionsPerAddress { get; set; }

    /// <summary>How long what a client still sends is read and dropped after it was sent a DISCONNECT with a reason, unless it closes before: a
    /// connection that is closed with bytes unread is reset, and the client may never see why. 0: closed at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan DisconnectLinger { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait before the stream of messages is opened again after it broke.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan StreamRetry { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client of a shared subscription may take to acknowledge before the message goes to another member.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "12:00:00")]
    public TimeSpan SharedLease { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>What a PUBACK with an error does to a message of a shared subscription.</summary>
    public Shared.SharedRejection SharedRejection { get; set; } = Shared.SharedRejection.DeadLetter;

    /// <summary>How often shared subscriptions that begin with a wildcard look for topics that came or went.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan SharedTopicsInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Messages taken from the log at one time.</summary>
    [Range(1, 100_000)]
    public int DeliveryBatch { get; set; } = 512;

    /// <summary>Topic aliases that this server sets towards an MQTT 5 client that takes them; 0 for none.</summary>
    [Range(0, 65_535)]
    public int OutgoingTopicAliases { get; set; } = 16;

    /// <summary>Response Information for MQTT 5 clients that ask for it, <c>%c</c> being the client identifier: by custom the
    /// beginning of response topics. Empty for none.</summary>
    [MaxLength(1024)]
    public string ResponseInformation { get; set; } = string.Empty;

    /// <summary>Where MQTT 5 clients are sent when this server stops (Server Reference, DISCONNECT 0x9C). Empty: they are told 0x8B.</summary>
    [MaxLength(1024)]
    public string ServerReference { get; set; } = string.Empty;

    /// <summary>How often values under <c>$SYS</c> are published; zero for not at all.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan SysInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often retained messages are looked through for those that expired. They are not delivered in any case.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RetainedExpiryInterval { get; set; } = TimeSpan.FromMinutes(1);
}
