namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Handles the requests of one or more codes.</summary>
public interface IRequestHandler
{
    /// <summary>Handles one request and answers it by one of <see cref="RemotingRequest"/>'s Reply methods.</summary>
    /// <remarks>
    /// Runs on the connection's read loop. The request's header and body are borrowed: copy or consume what is needed
    /// before the first await; after it only the Reply methods and <see cref="RemotingRequest.Connection"/> may be used.
    /// The connection goes on with its next frames while a handler waits, so responses may leave in any order.
    /// An exception becomes an error response: a <see cref="RemotingException"/> its code, anything else SYSTEM_ERROR.
    /// A one-way request is handled alike; replies to it are dropped.
    /// </remarks>
    ValueTask HandleAsync(RemotingRequest request);
}
