using System.Net;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Messages of one request. What it gives are views that are valid until it is disposed.</summary>
internal interface IMessagesToPublish : IDisposable
{
    /// <summary>Whether the answer is an array.</summary>
    bool IsBatch { get; }

    int Count { get; }

    /// <summary>One message, as the bridge takes it.</summary>
    PublishMessage Get(int index, string topic, IPEndPoint? bornHost);
}
