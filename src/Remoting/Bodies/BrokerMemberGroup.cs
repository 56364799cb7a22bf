using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>The addresses of one broker set.</summary>
public sealed class BrokerMemberGroup
{
    /// <summary>Addresses by broker id.</summary>
    [JsonPropertyName("brokerAddrs")]
    public SortedDictionary<long, string> Addresses { get; set; } = [];

    /// <summary>The broker set's name.</summary>
    [JsonPropertyName("brokerName")]
    public string BrokerName { get; set; } = "";

    /// <summary>Its cluster.</summary>
    [JsonPropertyName("cluster")]
    public string Cluster { get; set; } = "";
}

/// <summary>The answer to code 901.</summary>
public sealed class BrokerMemberGroupBody
{
    /// <summary>The broker set; without addresses when nobody knows it.</summary>
    [JsonPropertyName("brokerMemberGroup")]
    public BrokerMemberGroup? Group { get; set; }
}
