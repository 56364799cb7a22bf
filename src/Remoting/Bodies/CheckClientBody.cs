using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>What a client wants to subscribe to, to be checked (code 46).</summary>
public sealed class CheckClientBody
{
    /// <summary>The client's id.</summary>
    [JsonPropertyName("clientId")]
    public string? ClientId { get; set; }

    /// <summary>Its group.</summary>
    [JsonPropertyName("group")]
    public string? Group { get; set; }

    /// <summary>The name space of its topics.</summary>
    [JsonPropertyName("namespace")]
    public string? Namespace { get; set; }

    /// <summary>The subscription.</summary>
    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; set; }
}
