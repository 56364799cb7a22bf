using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

/// <summary>The notes of the management operations.</summary>
internal static class ManagementNotes
{
    private const string Json = "application/json";

    private static readonly (string, string, string) TopicParameter = ("topic", "Name of the topic.", "sensors");

    private static readonly (string, string, string) GroupParameter = ("group", "Name of the group.", "g1");

    private static readonly (string, string, string)[] Pages =
    [
        ("limit", "Items, at most; up to 1000.", ""),
        ("cursor", "`next` of the page before.", ""),
    ];

    private static readonly Problem[] Broker = [Problem.Unauthorized, Problem.Forbidden, Problem.Busy, Problem.Unsupported, Problem.Unreachable, Problem.Timeout];

    private static readonly Problem[] Change = [Problem.InvalidRequest, Problem.MalformedJson, Problem.CrossOrigin, Problem.TooLarge, Problem.UnsupportedMediaType, .. Broker];

    public static OperationNotes Look { get; } = new([Problem.InvalidRequest, .. Broker]);

    public static OperationNotes Topics { get; } = new([Problem.InvalidRequest, .. Broker])
    {
        Parameters = [("kind", "`user` (default), `retry`, `dead-letter`, `system` or `all`.", ""), .. Pages],
    };

    public static OperationNotes FindTopic { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.TopicNotFound, .. Broker]) { Parameters = [TopicParameter] };

    public static OperationNotes PutTopic { get; } = new([Problem.TopicInvalid, Problem.PreconditionFailed, .. Change])
    {
        Parameters = [TopicParameter],
        Bodies = [(Json, typeof(TopicSettings), false, """{ "queues": 8 }""")],
        BodyIsOptional = true,
    };

    public static OperationNotes DeleteTopic { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.TopicNotFound, Problem.PreconditionFailed, Problem.CrossOrigin, .. Broker]) { Parameters = [TopicParameter] };

    public static OperationNotes TopicList { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.TopicNotFound, .. Broker]) { Parameters = [TopicParameter, .. Pages] };

    public static OperationNotes Groups { get; } = new([Problem.InvalidRequest, .. Broker])
    {
        Parameters = [("kind", "`user` (default), `system` or `all`.", ""), .. Pages],
    };

    public static OperationNotes FindGroup { get; } = new([Problem.InvalidRequest, Problem.GroupInvalid, Problem.GroupNotFound, .. Broker]) { Parameters = [GroupParameter] };

    public static OperationNotes PutGroup { get; } = new([Problem.GroupInvalid, Problem.PreconditionFailed, .. Change])
    {
        Parameters = [GroupParameter],
        Bodies = [(Json, typeof(GroupChange), false, """{ "maxRetries": 5 }""")],
        BodyIsOptional = true,
    };

    public static OperationNotes DeleteGroup { get; } = new([Problem.InvalidRequest, Problem.GroupInvalid, Problem.GroupNotFound, Problem.Conflict, Problem.PreconditionFailed, Problem.CrossOrigin, .. Broker])
    {
        Parameters = [GroupParameter, ("progress", "`keep` (default): a group of that name goes on where it was; or `remove`.", "")],
    };

    public static OperationNotes GroupList { get; } = new([Problem.InvalidRequest, Problem.GroupInvalid, Problem.GroupNotFound, .. Broker]) { Parameters = [GroupParameter, .. Pages] };

    public static OperationNotes ResetOffsets { get; } = new([Problem.TopicInvalid, Problem.TopicNotFound, Problem.GroupInvalid, Problem.GroupNotFound, .. Change])
    {
        Parameters = [GroupParameter],
        Bodies = [(Json, typeof(ResetRequest), false, """{ "topic": "sensors", "time": "2030-01-31T12:00:00Z", "dryRun": true }""")],
    };

    public static OperationNotes Clients { get; } = new([Problem.InvalidRequest, .. Broker])
    {
        Parameters = [("protocol", "`mqtt`, `http` or `remoting`; default all.", ""), ("search", "Part of the id, address or user.", ""), .. Pages],
    };

    public static OperationNotes Client { get; } = new([Problem.InvalidRequest, Problem.NotFound, Problem.CrossOrigin, .. Broker])
    {
        Parameters = [("protocol", "`mqtt`, `http` or `remoting`.", "mqtt"), ("id", "Client identifier, or the connection's.", "device-7")],
    };

    public static OperationNotes Message { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.NotFound, .. Broker])
    {
        Parameters = [("id", "Id of the message.", "7F00000100002A9F0000000000000000"), ("topic", "Its topic; an id that a client gave is found faster with it.", "")],
    };

    public static OperationNotes DeadLetters { get; } = new([Problem.InvalidRequest, Problem.GroupInvalid, .. Broker])
    {
        Parameters =
        [
            GroupParameter,
            ("key", "Only those with this key or id.", ""),
            ("from", "Only those that became dead letters at or after this time.", ""),
            ("to", "Only those that became dead letters at or before this time.", ""),
            .. Pages,
        ],
    };

    public static OperationNotes Resend { get; } = new([Problem.TopicInvalid, Problem.TopicNotFound, Problem.GroupInvalid, Problem.GroupNotFound, .. Change])
    {
        Parameters = [GroupParameter],
        Bodies = [(Json, typeof(ResendDeadLetters), false, """{ "messageIds": ["7F00000100002A9F0000000000000000"] }""")],
    };

    public static OperationNotes Sessions { get; } = new([Problem.InvalidRequest, .. Broker]) { Parameters = [("search", "Part of the client identifier.", ""), .. Pages] };

    public static OperationNotes Session { get; } = new([Problem.InvalidRequest, Problem.NotFound, Problem.CrossOrigin, .. Broker]) { Parameters = [("clientId", "Client identifier.", "device-7")] };

    public static OperationNotes Retained { get; } = new([Problem.InvalidRequest, .. Broker]) { Parameters = [("filter", "MQTT topic filter; default `#`.", ""), .. Pages] };

    public static OperationNotes DeleteRetained { get; } = new([Problem.InvalidRequest, Problem.NotFound, Problem.CrossOrigin, Problem.ReadOnly, .. Broker])
    {
        Parameters = [("name", "MQTT topic name.", "site1/dev7/state")],
    };

    public static OperationNotes PutMapping { get; } = new([Problem.PreconditionFailed, Problem.ReadOnly, .. Change])
    {
        Bodies = [(Json, typeof(MappingRules), false, """{ "rules": [ { "name": "telemetry", "mqtt": "{site}/{device}/telemetry/{metric}", "topic": "telemetry", "tag": "{metric}", "key": "{device}" } ] }""")],
    };

    public static OperationNotes Configuration { get; } = new([Problem.InvalidRequest, .. Broker]) { Parameters = [("search", "Part of the name.", ""), .. Pages] };

    public static OperationNotes Refusals { get; } = new([Problem.InvalidRequest, .. Broker]) { Parameters = [("protocol", "`mqtt` or `http`; default all.", ""), .. Pages] };
}
